import { isDeepStrictEqual } from 'node:util';
import type { DeviceOptions } from '../../devices/device/device.ts';
import { createDevice } from '../../devices/index.ts';
import { about, type Logger } from '../base/log.ts';
import type { Frame } from '../frame/frame.ts';
import { buffersOf } from '../frame/pool.ts';
import { SourceReader } from './source-reader.ts';

/** Enough to find the picture of a moment, at half the cost of the substream. */
const fps = 5;
/** The last 0.8 s at five a second: about as long as the network takes for a frame. */
const keptFrames = 4;
/** Of the device's buffers: one is filled, one waits, one is made a snapshot of. */
const otherFrames = 3;
/** A picture further away in time shows something else. */
const furthestNs = 500e6;

/** The main stream's source, and how it is read. */
export interface MainStreamOptions {
  uri: string;
  transport: DeviceOptions['transport'];
  hardwareDecoding: DeviceOptions['hardwareDecoding'];
  maxPixels: DeviceOptions['maxPixels'];
}

/**
 * The last pictures of a camera's main stream, for snapshots, beside the substream that the network sees. It stays
 * open, since a network camera takes a second or more to start. If it fails, it is retried indefinitely, without
 * affecting anything else.
 */
export class MainStream {
  readonly #options: MainStreamOptions;
  readonly #source: SourceReader;
  readonly #frames: Frame[] = [];

  constructor(options: MainStreamOptions, logger: Logger) {
    this.#options = options;
    const { uri, ...how } = options;
    const told = about(logger, { stream: 'snapshots' });
    this.#source = new SourceReader({
      make: () => createDevice(uri, { ...how, fps, logger: told }),
      patient: true,
      ready: Promise.resolve(),
      onFrame: async (frame) => this.#keep(frame),
      onHealth: () => {},
      onOver: async () => this.#forget(),
      logger: told,
    });
  }

  /** Whether it reads this source already. */
  is(options: MainStreamOptions | undefined): boolean {
    return isDeepStrictEqual(this.#options, options);
  }

  start(): void {
    void this.#source.start();
  }

  stop(): Promise<void> {
    return this.#source.stop();
  }

  /** Returns the picture of the same moment, or undefined. The caller releases it. */
  near({ captureTimeNs }: Frame): Frame | undefined {
    const apart = (frame: Frame) => Math.abs(frame.captureTimeNs - captureTimeNs);
    const nearest = this.#frames.toSorted((a, b) => apart(a) - apart(b))[0];
    return nearest && apart(nearest) <= furthestNs ? nearest.acquire() : undefined;
  }

  #keep(frame: Frame): void {
    this.#frames.push(frame.acquire());
    const bytes = frame.planes.reduce((sum, { data }) => sum + data.length, 0);
    // Fewer where frames are so large that the device has few buffers.
    const most = Math.min(keptFrames, buffersOf(bytes) - otherFrames);
    if (this.#frames.length > most) this.#frames.shift()!.release();
  }

  #forget(): void {
    for (const frame of this.#frames.splice(0)) frame.release();
  }
}
