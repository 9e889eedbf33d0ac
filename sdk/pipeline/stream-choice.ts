import type { Device, DeviceHealth } from '../../devices/device/device.ts';
import { maskCredentials } from '../base/credentials.ts';
import type { Logger } from '../base/log.ts';
import type { CameraSettings } from '../config/schema.ts';

/** Which of a camera's two streams is read. */
export interface StreamUse {
  readonly uses: 'source' | 'substream';
  /** For people. */
  readonly why: string;
}

/** What is read, as far as the choice is concerned. */
export interface Read {
  /** Once it is open. */
  readonly device: Pick<Device, 'properties'> | undefined;
  readonly health: Pick<DeviceHealth, 'state' | 'frames' | 'lastError'>;
}

/** A stream is judged by windows of this length, */
const windowMs = 10_000;
/** and given up after so many bad ones in a row: those without frames, and those with less than this share of them. */
const patience = 3;
const enough = 0.7;
/** When the larger stream is tried again: after it was lost, and after it was too much to decode. */
const againMs = { lost: 10 * 60_000, slow: 6 * 3600_000 };

/**
 * Chooses between a camera's large stream, `source`, in which the network can look closer, and its `substream`, by
 * `detect.far`; and by what the board bears, which is measured while the large one is read.
 */
export class StreamChoice {
  readonly #logger: Logger;
  #fault: { readonly why: string; readonly untilMs: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #told: string | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @returns Undefined for a camera with one stream. */
  of({ substream, detect: { far } }: CameraSettings): StreamUse | undefined {
    if (substream === '') return undefined;
    if (far === 'off')
      return { uses: 'substream', why: 'detect.far is off: the network only ever sees the whole view, shrunk' };
    if (this.#fault) return { uses: 'substream', why: this.#fault.why };
    const why = `detect.far is ${far}: what is too small in the substream is looked at closer in the larger stream`;
    return { uses: 'source', why };
  }

  /** The settings with the stream that is to be read as their source. */
  applied(settings: CameraSettings): CameraSettings {
    return this.of(settings)?.uses === 'substream' ? { ...settings, source: settings.substream } : settings;
  }

  /**
   * A stream is about to be read, instead of the one before.
   *
   * @param settingsNow Called while it is read. @param reopen Called when the other stream is to be read.
   */
  begin(settingsNow: () => CameraSettings, read: Read, reopen: () => void): void {
    this.stop();
    const use = this.of(settingsNow());
    if (!use) return;
    this.#tell(use);
    let [bad, frames] = [0, read.health.frames];
    this.#timer = setInterval(() => {
      const { uses } = this.of(settingsNow()) ?? {};
      const fault = faultOf(read, read.health.frames - frames, settingsNow().detect.fps);
      frames = read.health.frames;
      bad = fault ? bad + 1 : 0;
      // A substream that fails is no better than what it stands in for.
      const isOver = this.#fault && (performance.now() >= this.#fault.untilMs || (bad >= patience && fault?.isLost));
      if (uses === 'source' && fault && bad >= patience) {
        const untilMs = performance.now() + (fault.isLost ? againMs.lost : againMs.slow);
        this.#fault = { why: fault.why, untilMs };
      } else if (isOver) this.#fault = undefined;
      else return;
      reopen();
    }, windowMs);
    this.#timer.unref();
  }

  /** Nothing is read any more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tell({ uses, why }: StreamUse): void {
    const text = `reads ${uses === 'source' ? 'the larger stream, source' : 'the substream'}: ${why}`;
    if (text === this.#told) return;
    this.#told = text;
    if (this.#fault) this.#logger.warn(text);
    else this.#logger.info(text);
  }
}

/** @param frames That came in a window. @param fps That are wanted. */
function faultOf(
  { device, health }: Read,
  frames: number,
  fps: number,
): { readonly why: string; readonly isLost: boolean } | undefined {
  const isLost = health.state !== 'online' && health.state !== 'ended';
  if (isLost || !device) {
    const why = `the larger stream gives no picture: ${maskCredentials(health.lastError ?? health.state)}`;
    return { why, isLost: true };
  }
  const { live, fps: stated = fps } = device.properties;
  const [rate, wanted] = [frames / (windowMs / 1000), Math.min(fps, stated)];
  if (!live || rate >= enough * wanted) return undefined;
  const why = `the larger stream gave ${rate.toFixed(1)} of ${wanted.toFixed(1)} frames a second for ${(patience * windowMs) / 1000} s: decoding it is too much for this board, or the camera sends fewer`;
  return { why, isLost: false };
}
