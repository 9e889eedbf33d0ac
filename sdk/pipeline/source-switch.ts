import { closedHealth, type Device, type DeviceHealth } from '../../devices/device/device.ts';
import type { CameraStatus } from './events.ts';
import type { SourceReader } from './source-reader.ts';

export interface SwitchOptions {
  /** By the settings. */
  isEnabled: () => boolean;
  onStatus: (status: CameraStatus, health: DeviceHealth) => void;
  /** No frames arrive at the moment. */
  onPause: () => void;
  /**
   * Called when another source, or none, is to be read. @returns Resolves when the previous one's parts have let go of
   * the camera.
   */
  onSwitch: (isRead: boolean) => Promise<void>;
  /** A source was closed. */
  onClosed: () => void;
}

/** Owns which source a camera is read from, and whether frames arrive. */
export class SourceSwitch {
  readonly #options: SwitchOptions;
  #source: SourceReader | undefined;
  /** Replaced readers; a camera is opened once they have let go of it. */
  #closing: Promise<void> = Promise.resolve();
  /** Of closed devices: totals continue when the source changes. */
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

  /** Frames dropped because nobody took them in time, of all sources so far. */
  get dropped(): number {
    return this.#droppedBefore + this.health.dropped;
  }

  /** Replaces the source that is read; undefined only ends it. The last call wins. */
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

  /** The source stays, but its parts may have to be read differently. */
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
