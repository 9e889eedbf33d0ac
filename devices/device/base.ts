import { EventEmitter } from 'node:events';
import { assertKind } from '../../sdk/base/arguments.ts';
import { hiddenIn, hiding, hidingLogger, maskSource } from '../../sdk/base/credentials.ts';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { about, type Logger, silent } from '../../sdk/base/log.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import type {
  CameraControl,
  ControlValues,
  Device,
  DeviceEvents,
  DeviceHealth,
  DeviceOptions,
  DeviceProperties,
} from './device.ts';
import { HealthRecord } from './health-record.ts';
import { assertControlValues } from './options.ts';
import { FrameOutlet } from './outlet.ts';

/**
 * What all devices share: state, counters, the outlet of frames and the order of open, frames and close. Extend it for
 * your own device: `start()` begins to put frames into `outlet`, `stop()` ends that, `counters` are incremented.
 *
 * @example
 * class Camera extends DeviceBase {
 *   protected async start(): Promise<DeviceProperties> {
 *     sdk.onFrame = (frame) => this.outlet.offer(frame);
 *     return { kind: 'gige', title: 'GigE camera', format: 'GRAY8', width: 640, height: 480, colour, live: true };
 *   }
 *   protected async stop() {
 *     await sdk.close();
 *   }
 * }
 */
export abstract class DeviceBase extends EventEmitter<DeviceEvents> implements Device {
  /** For display: passwords are masked. */
  readonly uri: string;
  /** The options it was made with. */
  protected readonly options: DeviceOptions;
  /** Names the source in each message, and hides its password. */
  protected readonly logger: Logger;
  readonly #hide: (text: string) => string;
  /** Whether it supports `options.controls`. */
  protected readonly takesControls: boolean = false;
  #outlet = new FrameOutlet();
  readonly #record = new HealthRecord();
  #properties: DeviceProperties | undefined;
  #closing: Promise<void> | undefined;

  /** Opens nothing. @param uri May contain a password; `this.uri` does not. */
  constructor(uri: string, options: DeviceOptions = {}) {
    super();
    assertKind('uri of a device', uri, 'text');
    this.uri = maskSource(uri);
    this.options = options;
    this.#hide = hiding(uri);
    this.logger = hidingLogger(about(options.logger ?? silent, { source: this.uri }), this.#hide);
  }

  /** Starts reading the source and returns its properties. @throws InputError when that is impossible. */
  protected abstract start(): Promise<DeviceProperties>;
  /**
   * Ends everything that `start()` began, and waits for it. Also called when `start()` threw, and while it is still
   * running.
   */
  protected abstract stop(): Promise<void>;
  /** Called when a reader begins. A source that need not run without readers starts here. */
  protected read(): void {}

  get properties(): DeviceProperties {
    if (!this.#properties) throw new Error(`${this.uri} is not open: its properties are known after open()`);
    return this.#properties;
  }

  get health(): DeviceHealth {
    return this.#record.health(this.#outlet.dropped);
  }

  /** Counted by the device; `dropped` counts frames without a free buffer, in addition to the outlet's own. */
  protected get counters(): { frames: number; dropped: number; corrupt: number } {
    return this.#record.counters;
  }

  async open(): Promise<void> {
    if (this.#record.state !== 'closed' || this.#closing)
      throw new Error(`${this.uri} is open already, or still closing`);
    this.#record.droppedBefore += this.#outlet.dropped;
    this.#outlet = new FrameOutlet();
    this.setState('opening');
    try {
      const properties = await this.start();
      this.assertOpening();
      this.setProperties(properties);
      this.setState('online');
      if (!this.takesControls && Object.keys(this.options.controls ?? {}).length > 0) {
        this.logger.warn('this source has no controls: the given ones are ignored');
      }
    } catch (error) {
      this.setError(messageOf(error));
      await this.close();
      // A close() while it opened may have come before there was anything to stop.
      await this.stop();
      throw hiddenIn(error, this.#hide);
    }
  }

  frames(): AsyncIterableIterator<Frame> {
    if (this.#record.state === 'closed') throw new Error(`${this.uri} is not open: call open() before frames()`);
    const frames = this.#outlet.frames();
    this.read();
    return frames;
  }

  async controls(): Promise<readonly CameraControl[]> {
    return [];
  }

  async setControls(values: ControlValues): Promise<void> {
    assertControlValues(values);
    const [name] = Object.keys(values);
    if (name !== undefined)
      throw new InputError(`controls: expected none, since ${this.uri} has no controls; got ${name}`);
  }

  close(): Promise<void> {
    if (this.#record.state === 'closed') return this.#closing ?? Promise.resolve();
    this.#outlet.close();
    this.setState('closed');
    this.#closing = this.stop().finally(() => {
      this.#closing = undefined;
    });
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Call it after each wait in `start()`. @throws Error when the device was closed meanwhile. */
  protected assertOpening(): void {
    if (this.#record.state !== 'opening') throw new Error(`${this.uri} was closed while it opened`);
  }

  /** Where frames go: `offer()` a live one, `put()` one that must not be dropped, `end()` when there are no more. */
  protected get outlet(): FrameOutlet {
    return this.#outlet;
  }

  protected get state(): DeviceHealth['state'] {
    return this.#record.state;
  }

  protected get closed(): boolean {
    return this.#record.state === 'closed';
  }

  /** Updates the properties: a source that came back may have changed. */
  protected setProperties(properties: DeviceProperties): void {
    this.#properties = { ...properties, title: this.#hide(properties.title) };
  }

  /** Counts a restart of a lost source. */
  protected countRestart(): void {
    this.#record.restarts.add();
  }

  /** Counts a stall: the source ran without delivering frames. */
  protected countStall(): void {
    this.#record.stalls.add();
  }

  /** Why there are no frames: `health.lastError`. */
  protected setError(message: string): void {
    this.#record.lastError = this.#hide(message);
  }

  /** Emits the state when it changed. */
  protected setState(state: DeviceHealth['state']): void {
    if (state === this.#record.state) return;
    this.#record.state = state;
    this.emit('health', this.health);
  }
}
