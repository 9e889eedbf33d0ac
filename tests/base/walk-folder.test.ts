import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { walkFolder } from '../../sdk/base/walk-folder.ts';
import { temporaryFolder } from '../support/folders.ts';

it('tells what is below a folder once, and does not follow links to folders, on any version of Node', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'a', 'b'), { recursive: true });
  writeFileSync(join(folder, 'a', 'b', 'file'), '');
  symlinkSync(folder, join(folder, 'a', 'circle'));
  const paths = (await walkFolder(folder)).map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
  expect(paths.sort()).toEqual(['a', 'a/b', 'a/b/file', 'a/circle']);
  await expect(walkFolder(join(folder, 'none'))).rejects.toThrow('ENOENT');
});
