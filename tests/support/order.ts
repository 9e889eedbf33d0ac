import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The longest, the longest first: from 20 s to some minutes. Vitest knows no times before it has run once, and guesses by size. */
export const longest = [
  'real/kernels/native',
  'cli/record',
  'real/console/teaching',
  'real/console/page',
  'real/learn/fleet',
  'cli/tune',
  'real/pack/npm-packages',
  'hub/extensions/fleet/fleet',
  'real/pipeline/clip',
  'hub/hub',
  'hub/bad-message',
  'cli/eval-learn',
  'real/hub/mosquitto',
  'real/console/clips',
  'real/console/plain',
  'cli/node-run',
  'real/hub/learning',
  'real/devices/rtsp',
  'real/learn/node',
  'cli/bench',
  'console/fuzz',
  'cli/watch',
  'kernels/preprocess/typescript',
  'devices/max-pixels',
  'real/console/cameras',
  'real/pack/deb',
  'devices/network/http/camera',
  'devices/ffmpeg/video-decoder-trial',
  'core/inspect-model',
  'real/console/tabs',
  // These wait for OpenCV's bindings, a guest or another lab, which are made meanwhile, see tools/setup/preparations.mjs.
  'real/devices/v4l2',
  'real/devices/libcamera',
  'samples/ideas',
  'real/opencv/leaks',
  'real/core/arm64',
].map((name) => `/tests/${name}.test.ts`);

/** Others that wait for those. */
const waits = /\/tests\/(real\/opencv\/|samples\/|setup\/)/;
const isReal = /\/tests\/real\//;

/** Of a file: the lower, the earlier it is begun. */
export function placeOf(path: string): number {
  const long = longest.findIndex((name) => path.endsWith(name));
  if (long >= 0) return long;
  return longest.length + (waits.test(path) ? 1 : isReal.test(path) ? 0 : 2);
}

/**
 * Long tests first, so that no worker has nothing to do at the end; but those that wait for what is being made meanwhile
 * come after the other long ones.
 */
export class Order extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => placeOf(a.moduleId) - placeOf(b.moduleId));
  }
}
