import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { temporaryFolder } from '../support/folders.ts';

it('the process may end in the middle of an inference', { timeout: 300_000 }, () => {
  const script = `
    import { loadModel, readPicture } from ${JSON.stringify(asset('dist', 'sdk', 'index.js'))};
    const model = await loadModel();
    const frame = await readPicture(${JSON.stringify(asset('devices', 'scene', 'photos', 'cat.jpg'))});
    await model.detect(frame);
    model.detect(frame);
    setTimeout(() => process.exit(7), Number(process.argv[2]));`;
  // A worker takes no program from the command line.
  const file = join(temporaryFolder(), 'exit.mjs');
  writeFileSync(file, script);
  for (const delay of [0, 1, 2, 3, 4, 6, 8]) {
    const { status, signal, stderr } = spawnSync(process.execPath, [file, String(delay)], { encoding: 'utf8' });
    expect([status, signal, stderr]).toEqual([7, null, '']);
  }
});
