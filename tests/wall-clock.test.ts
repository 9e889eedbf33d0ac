import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { asset } from '../sdk/base/assets.ts';

const folders = ['sdk', 'devices', 'tools', 'bin', 'samples'];
/** Two readings of it may lie years apart, or the second before the first. */
const wallClock = /\bDate\.now\b|\bnew Date\(\)|\btimeOrigin\b|\.toISOString\(/;

/** Who reads the wall clock, and why none of them can be led astray by it. */
const readers: Record<string, string> = {
  'devices/libcamera/native.ts': 'the time of a frame, to be told',
  'devices/ffmpeg/live.ts': 'the time of a frame, to be told',
  'devices/opencv/capture.ts': 'the time of a frame, to be told',
  'devices/device/presenter.ts': 'the time of a frame, to be told; follows when it is set',
  'sdk/picture/picture.ts': 'the time of a frame, to be told',
  'sdk/opencv/mat.ts': 'the time of a frame, to be told',
  'samples/own-camera.ts': 'the time of a frame, to be told',
  'sdk/vision/event-cycle.ts': 'an example in the docstring: the time of a frame',
  'sdk/vision/lines.ts': 'an example in the docstring: the time of a frame',
  'sdk/store/age-clock.ts':
    'counts only where the network has set it, before and after; else it is told, and nothing is decided by it',
  'sdk/hub/extensions/requests/verbs/verb.ts': 'an example of an answer',
  'sdk/learn/ledger/ledger.ts': 'when something was taught, to be told',
  'tools/cli/commands/learn.ts': 'when something was taught, to be told',
  'tools/cli/logger.ts': 'the time of a line',
  'sdk/zoo/catalogue.ts':
    'whether a date has passed, which nothing else tells; who is refused is told to set the clock',
  'sdk/zoo/install.ts': 'when a model was added, to be told',
  'sdk/zoo/partial-file.ts': 'the age of a file on disk; of a clock that was set in between it is old',
  'tools/image/manifest.ts': 'the date of an image, which it is given',
  'tools/pack/oci-archive.ts': 'the date of what is packed, to be told',
  'tools/zoo/sign.ts': 'the date of a signature',
  'tools/worker/parts.ts': 'the time of a file on disk, to be compared with those of other files',
  'tools/console/server/metrics.ts': 'when the process was started, by the clock as it is now',
  'tools/console/web/src/parts/toasts.tsx':
    'until when something is offered to be taken back, over a reload; at most for its time',
  'tools/console/web/src/parts/use-now.ts': 'how long ago a near miss was, roughly',
  'tools/console/web/src/teach/view-sheet.tsx': 'an address that no cache has',
};

it('is read only by those who tell a time: what is compared or subtracted is by a clock that cannot be set', () => {
  const found = folders.flatMap((folder) =>
    (readdirSync(asset(folder), { recursive: true }) as string[])
      .map((name) => join(folder, name))
      .filter(
        (name) =>
          /\.(ts|tsx|js|mjs)$/.test(name) && !name.includes('node_modules') && !name.startsWith(join('tools', 'bench')),
      )
      .filter((name) => wallClock.test(readFileSync(asset(name), 'utf8'))),
  );
  expect(found.sort(), 'use performance.now() or captureTimeNs, or say here why not').toEqual(
    Object.keys(readers).sort(),
  );
});
