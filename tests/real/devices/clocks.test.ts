import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openDevice } from '../../../devices/index.ts';
import { MjpegServer } from '../../devices/mjpeg-server.ts';
import { closing } from '../../support/closing.ts';
import { temporaryFolder, tree } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';
import { until } from '../../support/until.ts';

/** What sets the wall clock of one program alone; Debian's package `faketime` has it. */
const library = readdirSync('/usr/lib')
  .map((name) => join('/usr/lib', name, 'faketime', 'libfaketimeMT.so.1'))
  .find((path) => existsSync(path));
const missing = library && hasProgram('ffmpeg') ? '' : ' (needs ffmpeg and libfaketime)';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Has ffmpeg see another wall clock; its monotonic one goes on. */
function clockOfFfmpeg(): { set(by: string): void } {
  const file = join(temporaryFolder(), 'clock');
  const set = (by: string) => writeFileSync(file, by);
  set('+0');
  const settings = `FAKETIME_TIMESTAMP_FILE='${file}' FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1`;
  const path = process.env.PATH!;
  const script = `#!/bin/sh\nPATH='${path}' LD_PRELOAD='${library}' ${settings} exec ffmpeg "$@"\n`;
  const folder = tree({});
  writeFileSync(join(folder, 'ffmpeg'), script, { mode: 0o755 });
  vi.stubEnv('PATH', `${folder}:${path}`);
  return { set };
}

describe.skipIf(missing)(`http: when the clock is set${missing}`, () => {
  it.each(['-1h', '+1h', '-40h', '+40h', '-3y', '+3y'])(
    'gives all pictures of a slow camera as before (%s)',
    async (by) => {
      const clock = clockOfFfmpeg();
      const server = closing(await MjpegServer.start({ periodMs: 150 }), (it) => it.kill());
      const device = closing(await openDevice(server.url(), { fps: 10 }), (it) => it.close());
      let frames = 0;
      void (async () => {
        for await (const frame of device.frames()) {
          frames++;
          frame.release();
        }
      })();
      await until(() => frames >= 10);
      clock.set(by);
      await until(() => frames >= 15);
      const [framesBefore, sentBefore] = [frames, server.sent];
      await until(() => server.sent >= sentBefore + 30);
      // Of these, whichever are on their way still.
      server.mode = 'nothing';
      await expect.poll(() => frames - framesBefore).toBeGreaterThan(24);
      expect(device.health).toMatchObject({ state: 'online', restarts: 0, stalls: 0 });
    },
  );
});
