import { closedHealth, type Device, type DeviceHealth } from '../../devices/device/device.ts';
import type { CameraStatus } from './events.ts';
import type { SourceReader } from './source-reader.ts';

export interface SwitchOptions {
  /** By the settings. */
  isEnabled: () => boolean;
  onStatus: (status: CameraStatus, health: DeviceHealth) => void;
  /** No frames come at the moment. */
  onPause: () => void;
  /** A source is to be read, or none. @returns Resolves when what belonged to the one before has let go of the camera. */
  onSwitch: (isRead: boolean) => Promise<void>;
  /** A source was closed. */
  onClosed: () => void;
}

/** Owns which source a camera is read from, and whether frames come of it. */
export class SourceSwitch {
  readonly #options: SwitchOptions;
  #source: SourceReader | undefined;
  /** What was replaced; a camera is opened when those before have let go of it. */
  #closing: Promise<void> = Promise.resolve();
  /** Of devices that were closed again: totals go on when the source changes. */
  #droppedBefore = 0;
  #status: CameraStatus = 'offline';

  constructor(options: SwitchOptions) {
    this.#options = options;
  }

  /** Once it is open. */
  get device(): Device | undefined {
    return this.#source?.device;
  }

  get health(): DeviceHealth {
    return this.#source?.health ?? closedHealth;
  }

  get status(): CameraStatus {
    return this.#status;
  }

  /** Frames that nobody took in time, of all sources so far. */
  get dropped(): number {
    return this.#droppedBefore + this.health.dropped;
  }

  /** Puts another source in the place of the one that is read; undefined: only ends that one. The last call wins. */
  async to(next: SourceReader | undefined): Promise<void> {
    const before = this.#source;
    this.#source = next;
    this.refresh();
    if (before) this.#close(this.#end(before));
    await this.#closing;
    if (this.#source !== next) return;
    if (next) await next.start();
    else this.updateStatus();
  }

  /** What belongs to the source may have to be read otherwise; the source stays. */
  refresh(): void {
    this.#close(this.#options.onSwitch(this.#source !== undefined));
  }

  updateStatus(): void {
    const { isEnabled, onStatus, onPause } = this.#options;
    const isOpen = this.health.state === 'online';
    if (!isOpen) onPause();
    const status = isEnabled() ? (isOpen ? 'online' : 'offline') : 'disabled';
    if (status === this.#status) return;
    this.#status = status;
    onStatus(status, this.health);
  }

  #close(closing: Promise<void>): void {
    this.#closing = Promise.all([this.#closing, closing]).then(() => {});
  }

  async #end(source: SourceReader): Promise<void> {
    await source.stop();
    this.#droppedBefore += source.health.dropped;
    this.#options.onClosed();
  }
}
