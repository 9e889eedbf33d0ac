import { EventEmitter } from 'node:events';
import { maskSource } from '../sdk/base/credentials.ts';
import { InputError, messageOf } from '../sdk/base/errors.ts';
import { about, silent } from '../sdk/base/log.ts';
import type { Frame } from '../sdk/frame/frame.ts';
import {
  type CameraControl,
  type ControlValues,
  closedHealth,
  type Device,
  type DeviceEvents,
  type DeviceHealth,
  type DeviceOptions,
  type DeviceProperties,
} from './device/device.ts';
import { type FoundCamera, findCameras } from './find.ts';

const howToChange = 'Set cameras.<name>.source to change it, e.g. v4l2:/dev/video0.';

/**
 * The first camera found that delivers pictures, else the built-in scene. `properties.note` says which, why, and how to
 * change it.
 */
export class AutoDevice extends EventEmitter<DeviceEvents> implements Device {
  readonly uri = 'auto:';
  readonly #rest: string;
  readonly #options: DeviceOptions;
  readonly #make: (uri: string, options: DeviceOptions) => Device;
  readonly #find: () => Promise<FoundCamera[]>;
  #device: Device | undefined;
  #note = '';
  #state: 'closed' | 'opening' | 'open' = 'closed';
  readonly #onHealth = (health: DeviceHealth): void => {
    this.emit('health', health);
  };

  /**
   * @param make Makes the device of a URI.
   * @param find Finds the cameras.
   */
  constructor(
    rest: string,
    make: (uri: string, options: DeviceOptions) => Device,
    options: DeviceOptions = {},
    find: () => Promise<FoundCamera[]> = findCameras,
  ) {
    super();
    this.#rest = rest;
    this.#make = make;
    this.#options = options;
    this.#find = find;
  }

  get properties(): DeviceProperties {
    if (!this.#device) throw new Error('auto: is not open: its properties are known after open()');
    return { ...this.#device.properties, note: this.#note };
  }

  get health(): DeviceHealth {
    if (this.#device) return this.#device.health;
    const state = this.#state === 'opening' ? 'opening' : 'closed';
    return { ...closedHealth, state };
  }

  async open(): Promise<void> {
    if (this.#rest !== '')
      throw new InputError(`source: expected auto: alone, got ${maskSource(`auto:${this.#rest}`)}`);
    if (this.#state !== 'closed') throw new Error('auto: is open already');
    this.#state = 'opening';
    try {
      const failures: string[] = [];
      for (const camera of await this.#find()) {
        try {
          await this.#try(camera.uri);
          this.#note = `Showing the first camera found: ${this.#device!.properties.title}. ${howToChange}`;
          return;
        } catch (error) {
          this.#assertOpening();
          failures.push(`${camera.title} cannot be used: ${messageOf(error)}`);
          about(this.#options.logger ?? silent, { source: 'auto' }).warn(failures.at(-1)!);
        }
      }
      await this.#try('scene:');
      const why = failures.length > 0 ? failures.join('. ') : 'No camera found';
      this.#note = `${why}: showing the built-in scene. ${howToChange}`;
    } catch (error) {
      this.#state = 'closed';
      throw error;
    }
  }

  frames(): AsyncIterableIterator<Frame> {
    if (!this.#device) throw new Error('auto: is not open: call open() before frames()');
    return this.#device.frames();
  }

  async controls(): Promise<readonly CameraControl[]> {
    return (await this.#device?.controls()) ?? [];
  }

  async setControls(values: ControlValues): Promise<void> {
    if (!this.#device) throw new Error('auto: is not open: call open() before setControls()');
    await this.#device.setControls(values);
  }

  async still(): Promise<Frame> {
    if (!this.#device) throw new Error('auto: is not open: call open() before still()');
    if (!this.#device.still) throw new InputError(`${this.#device.uri} takes no stills, only frames`);
    return this.#device.still();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    await this.#device?.close();
    this.#device?.off('health', this.#onHealth);
  }

  async #try(uri: string): Promise<void> {
    this.#assertOpening();
    this.#device?.off('health', this.#onHealth);
    const device = this.#make(uri, this.#options);
    this.#device = device;
    device.on('health', this.#onHealth);
    await device.open();
    this.#state = 'open';
  }

  #assertOpening(): void {
    if (this.#state !== 'opening') throw new Error('auto: was closed while it opened');
  }
}
