import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import type { FramePool } from '../../sdk/frame/pool.ts';
import { DeviceBase } from '../device/base.ts';
import type { DeviceOptions, DeviceProperties } from '../device/device.ts';
import { defaultMaxPixels } from '../device/options.ts';
import { Presenter } from '../device/presenter.ts';
import { filePath } from '../file/path.ts';
import { Child } from '../programs/child.ts';
import { BufferWait } from '../stream/buffers.ts';
import { PoolFiller } from '../stream/filler.ts';
import { RawParser } from '../stream/raw.ts';
import { pump } from '../stream/stream.ts';
import { decoderCommand } from './codec.ts';
import { type EndLine, type FrameLine, IndexReader, type VideoLine } from './index-lines.ts';
import { indexFile, readRecordingInfo } from './info.ts';

/**
 * A folder from `ocellus record`. Each frame has its original number and capture times, none is dropped at either
 * speed; at `realtime` none comes earlier than it did. In a loop the times continue.
 */
export class RecordedCamera extends DeviceBase {
  readonly #rest: string;
  #presenter: Presenter | undefined;
  #buffers: BufferWait | undefined;
  #child: Child | undefined;
  #playing: Promise<void> | undefined;
  /** While it is pending, nothing is read from the pipe. */
  #busy: Promise<void> | undefined;
  #onFirst: (() => void) | undefined;
  /** Where the times of the present round of the loop begin. */
  #round = { sequence: 0, ns: 0 };
  #first: FrameLine | undefined;
  #last: FrameLine | undefined;
  /** Of this round: in the index, and those of them that the videos have. */
  #counts = { indexed: 0, shown: 0 };

  constructor(uri: string, rest: string, options?: DeviceOptions) {
    super(uri, options);
    this.#rest = rest;
  }

  protected async start(): Promise<DeviceProperties> {
    if (this.#rest === '') throw new InputError('recording: expected the folder of a recording: recording:FOLDER');
    const folder = filePath(this.#rest).path;
    const info = await readRecordingInfo(folder);
    const video = await firstVideo(folder);
    this.assertOpening();
    this.#presenter = new Presenter(this.outlet, this.options.speed, { keepsAll: true });
    this.#buffers = new BufferWait();
    this.#busy = undefined;
    this.#round = { sequence: 0, ns: 0 };
    this.#first = undefined;
    const first = new Promise<void>((resolve) => {
      this.#onFirst = resolve;
    });
    this.#playing = this.#play(folder);
    await Promise.race([first, this.#playing]);
    this.assertOpening();
    if (!this.#first) throw new InputError(`recording: ${folder}: ${this.health.lastError ?? 'it holds no frame'}`);
    const { format, width, height, colour } = video;
    const { fps, title } = info.source;
    const about = `${info.camera}: ${title} (recording ${basename(folder)})`;
    return { kind: 'recording', title: about, format, width, height, fps, colour, live: false };
  }

  protected override read(): void {
    this.#presenter?.begin();
  }

  protected async stop(): Promise<void> {
    this.#presenter?.close();
    this.#buffers?.close();
    await this.#child?.stop();
    await this.#playing;
  }

  async #play(folder: string): Promise<void> {
    try {
      do {
        await this.#playOnce(folder);
        this.#nextRound();
      } while (this.options.loop && this.#counts.shown > 0 && this.state === 'online');
    } catch (error) {
      this.counters.corrupt++;
      this.setError(messageOf(error));
      if (this.state === 'online') this.logger.error(messageOf(error));
    }
    if (this.state !== 'online') return;
    this.outlet.end();
    this.setState('ended');
  }

  /** @throws InputError when something is damaged; what comes before it was shown. */
  async #playOnce(folder: string): Promise<void> {
    this.#counts = { indexed: 0, shown: 0 };
    const index = new IndexReader(join(folder, indexFile));
    let end: EndLine | undefined;
    let said = '';
    try {
      for (let line = await index.take(); line && !this.closed; line = await index.take()) {
        if (end) throw new InputError(`${join(folder, indexFile)}: expected nothing after the line of the end`);
        if ('video' in line) said += await this.#playVideo(folder, line, index);
        else if ('frames' in line) end = line;
        // Of a video that has fewer frames than the index.
        else this.#counts.indexed++;
      }
    } finally {
      await index.close();
    }
    const { indexed, shown } = this.#counts;
    if (this.closed) return;
    if (!end) {
      this.logger.warn(`the recording was interrupted; it has ${shown} frames`);
    } else if (end.frames !== shown || indexed !== shown) {
      throw new InputError(
        `${folder} is damaged: ${end.frames} frames were recorded, the index has ${indexed}, the video ${shown}`,
      );
    } else if (said) {
      throw new InputError(`${folder} is damaged: ffmpeg says: ${said}`);
    }
  }

  /**
   * Shows the frames of one video as the index tells their times.
   *
   * @returns What ffmpeg says of it: the end of a video that was interrupted is wrong, and no fault.
   */
  async #playVideo(folder: string, video: VideoLine, index: IndexReader): Promise<string> {
    const file = join(folder, video.video);
    if (!existsSync(file)) throw new InputError(`${file} is missing: the index names it`);
    const child = await Child.start(decoderCommand(file, video, this.options.maxPixels), { frames: true });
    this.#child = child;
    if (this.closed) {
      await child.stop(true);
      return '';
    }
    const filler = new PoolFiller(
      (buffer, pool) => {
        this.#busy = this.#present(buffer!, pool, index);
      },
      this.options.maxPixels ?? defaultMaxPixels,
      this.#buffers!.onFree,
    );
    try {
      await pump(child.stdout, new RawParser(filler, video), () => this.#busy);
      await this.#busy;
      if (!this.closed) await child.ended;
    } finally {
      await child.stop();
      this.#child = undefined;
    }
    return child.said;
  }

  async #present(buffer: Uint8Array, pool: FramePool, index: IndexReader): Promise<void> {
    const line = await index.peek();
    if (!line || !('sequence' in line)) {
      // ffmpeg had it, the index did not yet: the recording was interrupted between the two.
      pool.giveBack(buffer);
      this.#busy = undefined;
      return;
    }
    await index.take();
    this.#first ??= line;
    this.#last = line;
    this.#counts.indexed++;
    this.#counts.shown++;
    this.counters.frames++;
    this.#onFirst?.();
    const { sequence, ns } = this.#round;
    const captureTimeNs = line.captureTimeNs + ns;
    let used = false;
    await this.#presenter!.present(captureTimeNs - this.#first.captureTimeNs, () => {
      used = true;
      return pool.frame(buffer, {
        sequence: line.sequence + sequence,
        captureTimeNs,
        wallTimeMs: line.wallTimeMs + ns / 1e6,
      });
    });
    if (!used) pool.giveBack(buffer);
    await this.#buffers!.until(pool);
    this.#busy = undefined;
  }

  /** In a loop the first frame comes after the last as the second after the first, in the mean. */
  #nextRound(): void {
    const { shown } = this.#counts;
    if (!this.#first || !this.#last || shown === 0) return;
    const lengthNs = this.#last.captureTimeNs - this.#first.captureTimeNs;
    const periodNs = shown > 1 ? lengthNs / (shown - 1) : 1e9;
    this.#round.ns += lengthNs + periodNs;
    this.#round.sequence += this.#last.sequence - this.#first.sequence + 1;
  }
}

/** @throws InputError when the index does not begin with a video. */
async function firstVideo(folder: string): Promise<VideoLine> {
  const file = join(folder, indexFile);
  const index = new IndexReader(file);
  try {
    const line = await index.peek();
    if (line && 'video' in line) return line;
    throw new InputError(`${file}: expected a video in its first line, got ${line ? 'another one' : 'an empty file'}`);
  } finally {
    await index.close();
  }
}
