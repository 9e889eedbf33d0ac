import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasOpenCv as isBuilt } from '../../sdk/opencv-bindings/load.ts';

/** `npm test` makes some things while tests run, see tools/setup/preparations.mjs. Waits until it is over with one of them. */
async function prepared(name: 'opencv'): Promise<void> {
  const folder = process.env.OCELLUS_TEST_PREPARATIONS;
  while (folder && existsSync(folder) && !existsSync(join(folder, name))) await sleep(200);
}

/** Are OpenCV's bindings built here, once they are not being built any more? */
export async function hasOpenCv(): Promise<boolean> {
  await prepared('opencv');
  return isBuilt();
}
