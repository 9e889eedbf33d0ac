import { isDeepStrictEqual } from 'node:util';
import type { DeviceOptions } from '../../devices/device/device.ts';
import { createDevice } from '../../devices/index.ts';
import { about, type Logger } from '../base/log.ts';
import type { Frame } from '../frame/frame.ts';
import { buffersOf } from '../frame/pool.ts';
import { SourceReader } from './source-reader.ts';

/** Enough to find the picture of a moment, and half of what the substream costs. */
const fps = 5;
/** At five a second the last 0.8 s: what the network takes for a frame. */
const keptFrames = 4;
/** Of the device's buffers: one is filled, one waits, one is made a snapshot of. */
const otherFrames = 3;
/** A picture further away shows something else. */
const furthestNs = 500e6;

/** Where the main stream is, and how it is read. */
export interface MainStreamOptions {
  uri: string;
  transport: DeviceOptions['transport'];
  hardwareDecoding: DeviceOptions['hardwareDecoding'];
  maxPixels: DeviceOptions['maxPixels'];
}

/**
 * A camera's main stream beside the substream that is looked at: its last pictures, for snapshots. It stays open, for a
 * network camera takes a second or more to begin. One that fails is tried again for ever and disturbs nobody.
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

  /** Does it read this already? */
  is(options: MainStreamOptions | undefined): boolean {
    return isDeepStrictEqual(this.#options, options);
  }

  start(): void {
    void this.#source.start();
  }

  stop(): Promise<void> {
    return this.#source.stop();
  }

  /** The picture of the same moment, or undefined when there is none. The caller releases it. */
  near({ captureTimeNs }: Frame): Frame | undefined {
    const apart = (frame: Frame) => Math.abs(frame.captureTimeNs - captureTimeNs);
    const nearest = this.#frames.toSorted((a, b) => apart(a) - apart(b))[0];
    return nearest && apart(nearest) <= furthestNs ? nearest.acquire() : undefined;
  }

  #keep(frame: Frame): void {
    this.#frames.push(frame.acquire());
    const bytes = frame.planes.reduce((sum, { data }) => sum + data.length, 0);
    // Of frames so large that the device has few buffers, fewer.
    const most = Math.min(keptFrames, buffersOf(bytes) - otherFrames);
    if (this.#frames.length > most) this.#frames.shift()!.release();
  }

  #forget(): void {
    for (const frame of this.#frames.splice(0)) frame.release();
  }
}
