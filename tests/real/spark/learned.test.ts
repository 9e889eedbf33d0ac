import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ocellus, photo } from '../../cli/cli.ts';
import { headOf } from '../../cli/heads.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { isSparkAsked, plantPictures, runSpark, sparkNeeds, sparkPython } from './spark.ts';
import { buildWheel } from './wheel.ts';

const photos = ['cat.jpg', 'cup.jpg', 'motorcycle.jpg', 'person.jpg', 'wall.jpg'];
const labelOf = (name: string) => `our ${name.split('.')[0]}`;

describe.skipIf(!isSparkAsked)(`learning from a table of ocellus-spark (${sparkNeeds})`, () => {
  it('learns what a board learns of the pictures, to the bit; an export brings the head to another one, byte for byte', async () => {
    const [folder, scratch] = [temporaryFolder(), temporaryFolder()];
    await plantPictures(folder, Object.fromEntries(photos.map((name) => [name, name])));
    // Nobody can embed it: it teaches nothing.
    writeFileSync(join(folder, 'broken.jpg'), readFileSync(photo('cat.jpg')).subarray(0, 5000));
    const labels = Object.fromEntries([...photos, 'broken.jpg'].map((name) => [name, labelOf(name)]));
    const wheel = await buildWheel(sparkPython(), scratch);
    expect(await runSpark('learned.py', { wheel, folder, scratch, labels })).toEqual({ rows: 6 });

    const [board, store, other, file, album] = ['board', 'store', 'other', 'lessons.safetensors', 'album'].map((name) =>
      join(scratch, name),
    );
    for (const name of photos) {
      mkdirSync(join(album!, labelOf(name)), { recursive: true });
      copyFileSync(photo(name), join(album!, labelOf(name), name));
    }
    const commands = [
      ['teach', '--store', board!, '--each', album!],
      ['teach', '--store', store!, '--table', join(scratch, 'lessons')],
      ['learn', 'export', '--store', store!, file!],
      ['learn', 'import', '--store', other!, file!],
    ];
    for (const command of commands) {
      const { code, err } = await ocellus(command);
      expect(code, err).toBe(0);
    }
    const head = await headOf(store!);
    expect(head.learned).toEqual((await headOf(board!)).learned);
    expect(await headOf(other!)).toEqual(head);
  });
});
