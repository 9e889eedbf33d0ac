import { closedHealth, type Device, type DeviceHealth } from '../../devices/device/device.ts';
import { Backoff } from '../base/backoff.ts';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { Nap } from '../base/nap.ts';
import { Pace } from '../base/pace.ts';
import type { Frame } from '../frame/frame.ts';

export interface SourceReaderOptions {
  /** Makes the device, not yet open; called again for each try. */
  make: () => Device;
  /** Retried indefinitely when it cannot be opened. */
  patient: boolean;
  /** Frames are read only once this resolves; never, if it is rejected. */
  ready: Promise<unknown>;
  /** Nothing is told before it resolves; if it is rejected, the source is not read. Default: listeners are there. */
  heard?: Promise<unknown>;
  /** Frames beyond this rate are skipped. Default: the device keeps to its rate. */
  mostFps?: number;
  /** Processes a frame; the next one follows when it is done. It does not throw, and does not release the frame. */
  onFrame: (frame: Frame) => Promise<void>;
  /** Called after each change of the device's state, and after each failed try. */
  onHealth: () => void;
  /** It cannot be opened and is retried: each reason once. */
  onUnavailable?: (reason: string) => void;
  /** No more frames follow. @param ended The source ended; otherwise it was stopped, or failed. */
  onOver: (ended: boolean) => Promise<void>;
  logger: Logger;
}

/** A camera that cannot be opened may report any number of reasons. */
const mostSaid = 20;

/** One source from its opening to its end: opens the device, tries again, reads it, closes it. Used once. */
export class SourceReader {
  readonly #options: SourceReaderOptions;
  readonly #backoff = new Backoff();
  #device: Device | undefined;
  #isOpen = false;
  #isStopped = false;
  #lastError: string | undefined;
  /** Reasons why it cannot be opened, each reported once: two may alternate for a month. */
  readonly #said = new Set<string>();
  #starting: Promise<void> | undefined;
  #working: Promise<void> | undefined;
  readonly #nap = new Nap();
  #isHeard: boolean;
  readonly #onHealth = () => {
    if (this.#isHeard) this.#options.onHealth();
  };

  constructor(options: SourceReaderOptions) {
    this.#options = options;
    this.#isHeard = options.heard === undefined;
  }

  /** Once it is open. */
  get device(): Device | undefined {
    return this.#isOpen ? this.#device : undefined;
  }

  get health(): DeviceHealth {
    const health = this.#device?.health ?? closedHealth;
    return { ...health, lastError: health.lastError ?? this.#lastError };
  }

  /** Opens it; frames follow from now on. @throws What the device throws, unless patient or stopped meanwhile. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** May be called while it opens. Resolves when the device is closed and the last frame was processed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#nap.wake();
    await this.#device?.close();
    await this.#starting?.catch(() => {});
    await this.#working;
    // One of the program's own may be opened again.
    this.#device?.off('health', this.#onHealth);
  }

  async #start(): Promise<void> {
    if (this.#isStopped) return;
    const problem = await this.#tryOpen();
    if (problem !== undefined && !this.#options.patient && !this.#isStopped) throw problem;
    this.#working = this.#work();
  }

  async #work(): Promise<void> {
    while (!this.#isOpen && !this.#isStopped) {
      await this.#nap.sleep(this.#backoff.next());
      if (!this.#isStopped) await this.#tryOpen();
    }
    if (this.#isOpen) await this.#read(this.#device!);
  }

  /** @returns Why it cannot be opened, or undefined when it is open. */
  async #tryOpen(): Promise<unknown> {
    const { make, onUnavailable, patient, logger } = this.#options;
    this.#device?.off('health', this.#onHealth);
    try {
      const device = make();
      this.#device = device;
      device.on('health', this.#onHealth);
      // A device that was passed in may be open already.
      if (device.health.state === 'closed') await device.open();
      if (!this.#isHeard) await this.#waitUntilHeard();
      this.#isOpen = this.#isHeard;
      return undefined;
    } catch (error) {
      if (!this.#isHeard) await this.#waitUntilHeard();
      const message = messageOf(error);
      // One that is thrown is reported by whoever catches it.
      if (patient && !this.#said.has(message) && this.#said.size < mostSaid && !this.#isStopped) {
        this.#said.add(message);
        logger.error(message);
        onUnavailable?.(message);
      }
      this.#lastError = message;
      this.#onHealth();
      return error;
    }
  }

  async #waitUntilHeard(): Promise<void> {
    const isHeard = await this.#options.heard!.then(
      () => true,
      () => false,
    );
    if (!isHeard) this.#isStopped = true;
    this.#isHeard = isHeard;
    this.#onHealth();
  }

  async #read(device: Device): Promise<void> {
    const { ready, mostFps, onFrame, onOver, logger } = this.#options;
    const pace = mostFps === undefined ? undefined : new Pace(mostFps);
    // Others that wait for it get the reason too.
    if (!(await ready.then(() => true).catch(() => false))) return;
    try {
      for await (const frame of device.frames()) {
        if (pace?.takes(frame.captureTimeNs) ?? true) await onFrame(frame);
        frame.release();
      }
    } catch (error) {
      // Stopped before it was read.
      if (!this.#isStopped) logger.error(messageOf(error));
    }
    await onOver(device.health.state === 'ended');
  }
}
