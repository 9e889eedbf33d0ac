import type { Device } from '../../devices/device/device.ts';
import { assertKind } from '../base/arguments.ts';
import { InputError, messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { CameraSettings } from '../config/schema.ts';
import type { Frame } from '../frame/frame.ts';
import { encodeJpeg, prepareEncoding } from '../picture/picture.ts';
import type { EventMessage } from '../vision/event.ts';
import { pixelsIn } from './camera-source.ts';
import type { Snapshot } from './events.ts';
import { MainStream } from './main-stream.ts';
import { boxOverlay, scaledTo } from './overlay.ts';
import { SnapshotWorth } from './snapshot-worth.ts';
import type { SourceSwitch } from './source-switch.ts';

/** Size and quality of a camera's picture: `maxHeight` in pixels, `quality` 1..100. Default: the frame's height, and 80. */
export interface SnapshotOptions {
  maxHeight?: number;
  quality?: number;
  /** A still in the camera's full resolution instead of a frame. */
  still?: boolean;
}

/** Owns what one camera shows: its newest frame, its main stream if any, and the pictures of its events. */
export class Snapshots {
  readonly #camera: string;
  readonly #hasStages: boolean;
  readonly #logger: Logger;
  readonly #worth = new SnapshotWorth();
  #newest: Frame | undefined;
  #main: MainStream | undefined;

  /** @param hasStages Whether a program's own stages make its pictures. */
  constructor(camera: string, hasStages: boolean, logger: Logger) {
    this.#camera = camera;
    this.#hasStages = hasStages;
    this.#logger = logger;
  }

  /** Sets the frame that the camera shows, until the next one. */
  show(frame: Frame): void {
    this.#newest?.release();
    this.#newest = frame.acquire();
  }

  /** Something was found, so an event with a picture may follow soon. A camera that never sees anything loads nothing. */
  prepare({ enabled }: CameraSettings['snapshots']): void {
    if (enabled) prepareEncoding();
  }

  /** Clears the frame. */
  clear(): void {
    this.#newest?.release();
    this.#newest = undefined;
  }

  /** The frame that it shows. The caller releases it. */
  latest(): Frame | undefined {
    return this.#newest?.acquire();
  }

  /**
   * Starts, ends or replaces the stream that pictures come from.
   *
   * @param isRead Whether the camera is read in real time: media read at full speed has its own times.
   * @returns Resolves when the previous stream has let go of the camera.
   */
  readMain(settings: CameraSettings, isRead: boolean): Promise<void> {
    const { snapshots, transport, hardware_decoding: hardwareDecoding, max_megapixels: maxMegapixels } = settings;
    // What the network sees need not be read twice.
    const isWanted = isRead && snapshots.enabled && !['', settings.source].includes(snapshots.source);
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

  /** @throws InputError when there is no picture, or the camera takes no stills. */
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
    // They may blur faces or crop the picture: nothing that bypassed them may be shown.
    if (this.#hasStages) {
      throw new InputError(`camera ${this.#camera}: stages make its pictures, so it takes no stills`);
    }
    const still = await device?.still?.();
    if (still) return still;
    throw new InputError(`camera ${this.#camera} takes no stills: its source has none, or is not open`);
  }

  /**
   * The picture of an event, if this view of the object is worth one.
   *
   * @param frame The picture to show for the frame of the message.
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

  /** The event of this message has ended. */
  forget(message: EventMessage): void {
    this.#worth.forget(message);
  }

  /** The best picture of the moment of a frame. The caller releases it. */
  #pictureOf(frame: Frame): Frame {
    return this.#main?.near(frame) ?? frame.acquire();
  }
}
