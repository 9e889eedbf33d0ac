import type { Device } from '../../devices/device/device.ts';
import { assertKind } from '../base/arguments.ts';
import { InputError, messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { CameraSettings } from '../config/schema.ts';
import type { Frame } from '../frame/frame.ts';
import { encodeJpeg } from '../picture/picture.ts';
import type { EventMessage } from '../vision/event.ts';
import { pixelsIn } from './camera-source.ts';
import type { Snapshot } from './events.ts';
import { MainStream } from './main-stream.ts';
import { boxOverlay, scaledTo } from './overlay.ts';
import { SnapshotWorth } from './snapshot-worth.ts';
import type { SourceSwitch } from './source-switch.ts';

export interface SnapshotOptions {
  maxHeight?: number;
  quality?: number;
  /** A still in the camera's full resolution instead of a frame. */
  still?: boolean;
}

/** Owns what one camera shows: its newest frame, its main stream where it has one, and the pictures of its events. */
export class Snapshots {
  readonly #camera: string;
  readonly #hasStages: boolean;
  readonly #logger: Logger;
  readonly #worth = new SnapshotWorth();
  #newest: Frame | undefined;
  #main: MainStream | undefined;

  /** @param hasStages Are its pictures made by stages of the program's own? */
  constructor(camera: string, hasStages: boolean, logger: Logger) {
    this.#camera = camera;
    this.#hasStages = hasStages;
    this.#logger = logger;
  }

  /** This is what the camera shows, until the next one. */
  show(frame: Frame): void {
    this.#newest?.release();
    this.#newest = frame.acquire();
  }

  /** It shows nothing any more. */
  clear(): void {
    this.#newest?.release();
    this.#newest = undefined;
  }

  /** What it shows. The caller releases it. */
  latest(): Frame | undefined {
    return this.#newest?.acquire();
  }

  /**
   * Begins, ends or replaces the stream that pictures come from.
   *
   * @param isRead Are frames of the camera wanted, at the speed of time? What is read as fast as it goes has times of its own.
   * @returns Resolves when the one before has let go of the camera.
   */
  readMain(settings: CameraSettings, isRead: boolean): Promise<void> {
    const { snapshots, transport, hardware_decoding: hardwareDecoding, max_megapixels: maxMegapixels } = settings;
    const isWanted = isRead && snapshots.enabled && snapshots.source !== '';
    const wanted = isWanted
      ? { uri: snapshots.source, transport, hardwareDecoding, maxPixels: pixelsIn(maxMegapixels) }
      : undefined;
    if (this.#main?.is(wanted)) return Promise.resolve();
    const before = this.#main;
    this.#main = wanted && new MainStream(wanted, this.#logger);
    const closing = before?.stop() ?? Promise.resolve();
    this.#main?.start();
    return closing;
  }

  /** @throws InputError when there is no picture, or no still to be had. */
  async jpeg(how: SnapshotOptions, { device, health, status }: SourceSwitch): Promise<Buffer> {
    assertKind('snapshot: options', how, 'object');
    const { still = false, ...options } = how;
    const frame = still ? await this.#still(device) : this.#newest && this.#pictureOf(this.#newest);
    if (!frame) throw new InputError(`camera ${this.#camera} has given no picture yet: ${health.lastError ?? status}`);
    try {
      return await encodeJpeg(frame, { quality: 80, ...options });
    } finally {
      frame.release();
    }
  }

  /** The caller releases it. */
  async #still(device: Device | undefined): Promise<Frame> {
    // They may blur faces, or cut the picture: what they were not shown is not to be seen.
    if (this.#hasStages) {
      throw new InputError(`camera ${this.#camera}: its stages make its pictures, so it gives no stills beside them`);
    }
    const still = await device?.still?.();
    if (still) return still;
    throw new InputError(`camera ${this.#camera} takes no stills: its source has none, or is not open`);
  }

  /**
   * The picture of an event, where this view of the object is worth one.
   *
   * @param frame What is shown of the frame that the message is about.
   */
  async of(
    message: EventMessage,
    frame: Frame,
    { enabled, height, quality, box }: CameraSettings['snapshots'],
  ): Promise<Snapshot | undefined> {
    const { after } = message;
    if (!enabled || !this.#worth.wants(message)) return undefined;
    const picture = this.#pictureOf(frame);
    try {
      const overlaySvg = box ? boxOverlay(picture, scaledTo(picture, after, frame)) : undefined;
      const jpeg = await encodeJpeg(picture, { maxHeight: height, quality, overlaySvg });
      this.#worth.took(message);
      return { id: after.id, label: after.label, jpeg };
    } catch (error) {
      this.#logger.error(`snapshot of ${after.label} ${after.id}: ${messageOf(error)}`);
      return undefined;
    } finally {
      picture.release();
    }
  }

  /** The event of this message is over. */
  forget(message: EventMessage): void {
    this.#worth.forget(message);
  }

  /** What the camera shows at the moment of a frame, at its best. The caller releases it. */
  #pictureOf(frame: Frame): Frame {
    return this.#main?.near(frame) ?? frame.acquire();
  }
}
