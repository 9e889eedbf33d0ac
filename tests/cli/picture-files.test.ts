import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { labelledPictures, withFolders } from '../../tools/cli/picture-files.ts';
import { plant, temporaryFolder } from '../support/folders.ts';

it('takes links to folders as labels, as folders themselves', async () => {
  const folder = temporaryFolder();
  plant(folder, { 'album/mug/1.jpg': '', 'elsewhere/cups/2.jpg': '', 'elsewhere/hidden/3.jpg': '' });
  const album = join(folder, 'album');
  symlinkSync(join(folder, 'elsewhere', 'cups'), join(album, 'cup'));
  symlinkSync(join(folder, 'elsewhere', 'hidden'), join(album, '.hidden'));
  // Nothing is there: no label.
  symlinkSync(join(folder, 'nowhere'), join(album, 'gone'));
  expect(await labelledPictures(album)).toEqual([
    { file: join(album, 'cup', '2.jpg'), label: 'cup' },
    { file: join(album, 'mug', '1.jpg'), label: 'mug' },
  ]);
});

it('takes links to pictures, and no folder that is called like a picture', async () => {
  const folder = temporaryFolder();
  plant(folder, { 'elsewhere/a.jpg': '', 'pictures/b.jpg': '' });
  const pictures = join(folder, 'pictures');
  symlinkSync(join(folder, 'elsewhere', 'a.jpg'), join(pictures, 'a.jpg'));
  symlinkSync(join(folder, 'elsewhere'), join(pictures, 'c.jpg'));
  expect(await withFolders([pictures])).toEqual([join(pictures, 'a.jpg'), join(pictures, 'b.jpg')]);
});

it('leaves out named pipes, at which a run would wait for ever', async () => {
  const folder = temporaryFolder();
  plant(folder, { 'a.jpg': '', 'deeper/b.jpg': '' });
  for (const name of ['pipe.jpg', 'deeper/pipe.jpg']) execFileSync('mkfifo', [join(folder, name)]);
  expect(await withFolders([folder])).toEqual([join(folder, 'a.jpg')]);
  expect(await withFolders([folder], { recursive: true })).toEqual(
    ['a.jpg', 'deeper/b.jpg'].map((name) => join(folder, name)),
  );
});
