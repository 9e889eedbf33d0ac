import { askProgram } from '../programs/ask-program.ts';
import { findProgram } from '../programs/find-program.ts';

/** The kernel's own tool for its cameras, of Debian's package v4l-utils. */
const program = 'v4l2-ctl';
/** It asks the driver for each size of each format: some hundred questions, which a slow, busy machine takes its time for. */
const timeoutMs = 60_000;

/** Words for a person where it is missing. */
export const installV4l2Ctl = 'v4l2-ctl was not found; install it: sudo apt install v4l-utils';

export const hasV4l2Ctl = (): boolean => findProgram(program) !== undefined;

/**
 * What it prints when it is asked about a camera.
 *
 * @param path `/dev/video0`
 * @param args One question, such as `--list-ctrls`.
 * @returns Undefined when it is missing or hangs.
 */
export function askV4l2Ctl(path: string, args: readonly string[]): Promise<string | undefined> {
  return askProgram(program, ['--device', path, ...args], { timeoutMs });
}
