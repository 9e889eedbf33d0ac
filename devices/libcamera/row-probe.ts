import { InputError } from '../../sdk/base/errors.ts';
import { Child, type Command } from '../programs/child.ts';
import { Watchdog } from '../programs/watchdog.ts';

/** How long a program may take to its only frame: it starts the camera and waits for its exposure to settle. */
const timeoutMs = 15_000;
/** Rows begin at a multiple of 64 bytes up to the Pi 4, of 128 on the Pi 5; less than this no hardware asks for. */
const leastAlignment = 32;
const mostPadding = 256;

/**
 * Finds out how long the rows are that a program writes. A stream of bare frames says nothing of it, but one frame is
 * three halves of a row's length times the height.
 */
export class RowProbe {
  #stride: number | undefined;
  #child: Child | undefined;

  /**
   * Bytes from one luma row to the next. Measured once: the same arguments give the same rows.
   *
   * @throws InputError when no frame comes, or one that no row length explains.
   */
  async measure(command: Command, width: number, height: number): Promise<number> {
    if (this.#stride !== undefined) return this.#stride;
    const { bytes, said } = await this.#bytesOfOneFrame(command);
    if (bytes === 0) throw new InputError(said || `${command.program} gave no frame and said nothing of it`);
    const stride = bytes / 1.5 / height;
    if (!isRowLength(stride, width)) {
      throw new InputError(
        `${command.program}: expected a frame of ${width}x${height} with rows of up to ${mostPadding} bytes of padding, ` +
          `got ${bytes} bytes; ask for another width or height`,
      );
    }
    this.#stride = stride;
    return stride;
  }

  /** Ends a measurement that is under way. */
  async abandon(): Promise<void> {
    await this.#child?.stop(true);
  }

  async #bytesOfOneFrame(command: Command): Promise<{ bytes: number; said: string }> {
    const child = await Child.start({ ...command, args: [...command.args, '--frames', '1', '--timeout', '0'] });
    this.#child = child;
    let late = '';
    const watchdog = new Watchdog((ms) => {
      late = `no frame for ${ms / 1000} s; `;
      void child.stop(true);
    });
    watchdog.arm(timeoutMs);
    let bytes = 0;
    child.stdout.on('data', (chunk: Uint8Array) => {
      bytes += chunk.length;
    });
    const how = await child.ended;
    watchdog.stop();
    this.#child = undefined;
    return { bytes: how === 'exit status 0' ? bytes : 0, said: `${late}${child.said || how}` };
  }
}

function isRowLength(stride: number, width: number): boolean {
  return stride % leastAlignment === 0 && stride >= width && stride < width + mostPadding;
}
