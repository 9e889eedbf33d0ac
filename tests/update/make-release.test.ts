import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeRelease } from '../../tools/update/make-release.ts';
import { temporaryFolder } from '../support/folders.ts';
import { cardImage, forTests, releaseOf } from './images.ts';

const [first, second] = [cardImage('1.0.0', 'fine', 1), cardImage('1.1.0', 'fine', 2)];
const contents = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('base64')]));

it('leaves the release that was there as it was, and no part of the new one, where a base is none', async () => {
  const folder = temporaryFolder();
  const { out } = await releaseOf(folder, [{ version: '1.0.0', card: first }], { bundles: true });
  const before = contents(out);
  expect(Object.keys(before).sort()).toEqual([
    ...['ocellus-1.0.0.ocu', 'ocellus-1.0.0.payload', 'update.json', 'update.json.sig'],
  ]);
  const [image, base] = [join(folder, 'card-1.0.0.img'), join(folder, 'nothing.img')];
  writeFileSync(image, second);
  writeFileSync(base, 'no card');
  const again = (to: string) =>
    makeRelease({ ...forTests, image, version: '1.0.0', bases: [{ version: '0.9.0', image: base }], out: to });
  await expect(again(out)).rejects.toThrow('nothing.img');
  expect(contents(out)).toEqual(before);
  await expect(again(join(folder, 'new'))).rejects.toThrow('nothing.img');
  expect(existsSync(join(folder, 'new'))).toBe(false);
});

it('shows who looks at the folder meanwhile nothing that is not whole, and update.json last', async () => {
  const folder = temporaryFolder();
  const out = join(folder, 'release-1.1.0');
  const seen = new Map<string, number>();
  let isUnderWay = true;
  const look = async () => {
    while (isUnderWay) {
      const names = existsSync(out) ? readdirSync(out).filter((name) => !name.endsWith('.unfinished')) : [];
      for (const name of names) if (!seen.has(name)) seen.set(name, statSync(join(out, name)).size);
      if (names.includes('update.json')) expect(names).toContain('ocellus-1.0.0-to-1.1.0.payload');
      await new Promise(setImmediate);
    }
  };
  const looking = look();
  const versions = [
    { version: '1.0.0', card: first },
    { version: '1.1.0', card: second },
  ];
  const { manifest } = await releaseOf(folder, versions).finally(() => {
    isUnderWay = false;
  });
  await looking;
  for (const { file, bytes } of manifest.payloads) {
    expect(statSync(join(out, file)).size).toBe(bytes);
    expect(seen.get(file) ?? bytes).toBe(bytes);
  }
  expect(readdirSync(out).filter((name) => !/\.(payload|json|sig)$/.test(name))).toEqual([]);
});
