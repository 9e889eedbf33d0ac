import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jsonLines, ocellus, photo } from '../../cli/cli.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { isSparkAsked, plantPictures, runSpark, sparkNeeds, sparkPython } from './spark.ts';
import { buildWheel } from './wheel.ts';

interface Named {
  readonly path: string;
  readonly classes: readonly { label: string; score: number; nearest: string | null }[];
}

/** Runs it, and it has to go well. */
async function well(...args: readonly string[]): Promise<string> {
  const { code, out, err } = await ocellus(args);
  if (code !== 0) throw new Error(`ocellus ${args.join(' ')} ended with ${code}: ${err}`);
  return out;
}

describe.skipIf(!isSparkAsked)(`ocellus-spark with what a board was taught (${sparkNeeds})`, () => {
  it('names pictures as the board does, by a store that was made of its export', async () => {
    const [folder, scratch] = [temporaryFolder(), temporaryFolder()];
    const [board, store, file] = ['board', 'store', 'board.safetensors'].map((name) => join(scratch, name));
    for (const label of ['cat', 'cup', 'wall']) {
      await well('teach', '--store', board!, '--label', `our ${label}`, photo(`${label}.jpg`));
    }
    await well('learn', 'export', '--store', board!, file!);
    await well('learn', 'import', '--store', store!, file!);
    const names = ['cat.jpg', 'cup.jpg', 'motorcycle.jpg', 'wall.jpg'];
    await plantPictures(folder, Object.fromEntries(names.map((name) => [name, name])));
    const wheel = await buildWheel(sparkPython(), scratch);

    const told = await runSpark<{ named: Named[]; refusal: string }>('taught.py', { wheel, folder, scratch, store });
    const named = told.named.map(({ path, classes: [first] }) => {
      const { label, score, nearest } = first!;
      return { file: basename(path), label, score: Number(score.toFixed(4)), ...(nearest !== null && { nearest }) };
    });
    const onBoard = await well('classify', '--store', board!, '--json', ...names.map(photo));
    const lines = jsonLines(onBoard) as { file: string }[];
    expect(named).toEqual(lines.map((line) => ({ ...line, file: basename(line.file) })));
    expect(named.map(({ label }) => label)).toEqual(['our cat', 'our cup', 'unknown', 'our wall']);
    expect(told.refusal).toMatch(
      /^store: expected a folder of examples, there is none at .*none; `ocellus teach` makes/,
    );
  });
});
