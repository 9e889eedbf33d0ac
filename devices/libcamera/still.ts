import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { readPicture } from '../../sdk/picture/picture.ts';
import { Child } from '../programs/child.ts';
import { findProgram } from '../programs/find-program.ts';
import { Watchdog } from '../programs/watchdog.ts';
import { hasNodeLibcamera, isPlain, runNodeLibcamera } from './node-libcamera.ts';

/** Time for exposure and white balance to settle. */
const settleMs = 1000;
const timeoutMs = 30_000;
const quality = 95;

/**
 * Takes a still in the camera's full resolution while nobody else uses the camera: through node-libcamera where that is
 * installed and can do it, else through `rpicam-still`.
 *
 * @param camera Options of the camera without their dashes: numbers, and words of fixed lists.
 * @param tuning A tuning file's path, which was checked; never goes through a shell.
 * @throws InputError when it cannot be taken.
 */
export async function takeStill(camera: readonly [string, number | string][], tuning?: string): Promise<Frame> {
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-still-'));
  try {
    // A picture on standard output would not survive node-libcamera, which makes text of it.
    const output = join(folder, 'still.jpg');
    const options = {
      ...Object.fromEntries(camera),
      nopreview: true,
      timeout: settleMs,
      encoding: 'jpg',
      quality,
      output,
    } as const;
    if (tuning === undefined && isPlain(options) && hasNodeLibcamera()) await runNodeLibcamera(options);
    else await runStill(tuning === undefined ? options : { ...options, 'tuning-file': tuning });
    return await readPicture(await readFile(output), { captureTimeNs: Number(process.hrtime.bigint()) });
  } catch (error) {
    throw new InputError(`the still could not be taken: ${messageOf(error)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runStill(options: Readonly<Record<string, number | string | true>>): Promise<void> {
  const program = ['rpicam-still', 'libcamera-still'].find(findProgram);
  if (!program)
    throw new InputError('expected rpicam-still (or libcamera-still) on the PATH: sudo apt install rpicam-apps-lite');
  const args = Object.entries(options).flatMap(([option, value]) =>
    value === true ? [`--${option}`] : [`--${option}`, String(value)],
  );
  const child = await Child.start({ program, args, install: '' });
  child.stdout.resume();
  const watchdog = new Watchdog(() => void child.stop(true));
  watchdog.arm(timeoutMs);
  const how = await child.ended;
  watchdog.stop();
  if (how !== 'exit status 0') throw new InputError(`${program} ended with ${how}: ${child.said}`);
}
