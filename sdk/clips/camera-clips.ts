import type { VideoSink } from '../../devices/device/device.ts';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { ClipSettings } from '../config/schema.ts';
import type { Frame } from '../frame/frame.ts';
import type { EventMessage } from '../vision/event.ts';
import { clipOf } from './clip.ts';
import { ClipRing } from './clip-ring.ts';
import { type Fragment, FragmentReader } from './fragments.ts';
import { FrameVideo } from './frame-video.ts';

export interface CameraClipsOptions {
  readonly settings: ClipSettings;
  /** Whether the camera's pictures are kept at present. */
  readonly isWanted: () => boolean;
  /** Keeps a clip of events. @param begins Seconds into it at which each was first seen, by id. @returns Why it does not. */
  readonly keep: (begins: ReadonlyMap<string, number>, mp4: Buffer) => Promise<string | undefined>;
  readonly logger: Logger;
  /** A clock in ms that never goes back. Default: `performance.now()`. */
  readonly now?: () => number;
}

/** What became of a camera's clips. */
export interface ClipStats {
  readonly kept: number;
  readonly dropped: number;
  /** Why there are none, or why the last one was dropped. */
  readonly why?: string;
  /** Nothing but the processor could encode them, and `history.clips.software` does not let it. */
  readonly needsSoftware?: true;
}

/** A clip that grows. */
interface Recording {
  /** When each of its events was first seen, by id. */
  readonly seenMs: Map<string, number>;
  /** Those whose objects are still in view. */
  readonly running: Set<string>;
  readonly fragments: Fragment[];
  bytes: number;
  /** When its first frame was taken; undefined: there is none yet. */
  beginMs: number | undefined;
  /** When it ends, whatever is in view. */
  readonly lastMs: number;
  /** When it ends since nothing is in view; undefined: something is. */
  endMs: number | undefined;
}

/** An object is an event some time after it was first seen: the ring goes back that much further. */
const confirmMs = 10_000;
/** Of a clip, the share before its event: otherwise it would end where that begins. */
const mostBefore = 0.5;
/** An event joins a clip that has this share of the longest left; otherwise it has one of its own. */
const leastShared = 0.25;
/** Of the ring, and of a clip. */
const mostBytes = { ring: 16 * 1024 * 1024, clip: 32 * 1024 * 1024 };
/** A camera whose frames come, but none of its video in so long, has none. */
const silentMs = 20_000;
/** What comes is written a second at a time; a clip waits so long for its last one. */
const lateMs = 3000;
const checkEveryMs = 1000;
/** Clips that are to be written, at most. */
const mostWaiting = 2;

/**
 * One camera's clips: the last seconds of its video, as the camera sends it or encoded here from what is shown, and from those
 * a clip of each event. Events at the same time share one. It delays nobody: what cannot be kept in time is dropped and counted.
 */
export class CameraClips implements VideoSink {
  readonly #options: CameraClipsOptions;
  readonly #now: () => number;
  readonly #ring: ClipRing;
  readonly #encoded: FrameVideo;
  /** Of what the camera sends; undefined: it cannot be used. */
  #reader: FragmentReader | undefined;
  /** When what it sends began, or the last of it came. */
  #sentMs = Number.NEGATIVE_INFINITY;
  /** The oldest first; new events join the last one. */
  #recordings: Recording[] = [];
  #timer: NodeJS.Timeout | undefined;
  #keeping: Promise<void> = Promise.resolve();
  readonly #counts = { waiting: 0, kept: 0, dropped: 0 };
  #why: string | undefined;

  constructor(options: CameraClipsOptions) {
    const { settings, logger, now = () => performance.now() } = options;
    this.#options = options;
    this.#now = now;
    this.#ring = new ClipRing({ keepMs: settings.before * 1000 + confirmMs, mostBytes: mostBytes.ring });
    this.#encoded = new FrameVideo({
      ...{ software: settings.software, logger },
      sink: {
        begin: () => this.#cut(),
        write: (bytes) => this.#take(this.#encoded.reader, bytes),
        end: () => this.#cut(),
      },
    });
  }

  get stats(): ClipStats {
    const { kept, dropped } = this.#counts;
    const why = this.#encoded.problem ?? this.#why;
    const { needsSoftware } = this.#encoded;
    return { kept, dropped, ...(why !== undefined && { why }), ...(needsSoftware && { needsSoftware }) };
  }

  /** The camera sends video of its own, from now on another. */
  begin(): void {
    this.#cut();
    this.#reader = new FragmentReader();
    this.#sentMs = this.#now();
  }

  /** Bytes of the video that the camera sends. */
  write(bytes: Buffer): void {
    const reader = this.#reader;
    if (!reader) return;
    this.#sentMs = this.#now();
    if (!this.#take(reader, bytes) || (reader.header && !reader.header.codec)) this.#reader = undefined;
  }

  /** The camera sends no more. */
  end(): void {
    this.#cut();
    this.#reader = undefined;
  }

  /** A frame as it is shown: encoded where the camera sends nothing that can be kept. It is borrowed until this returns. */
  see(frame: Frame): void {
    const isSent = this.#reader !== undefined && this.#now() - this.#sentMs < silentMs;
    if (isSent || !this.#options.isWanted()) this.#encoded.stop();
    else this.#encoded.see(frame);
  }

  /** An event was told. */
  note({ type, after: { id, start_time, frame_time } }: EventMessage): void {
    const now = this.#now();
    if (type === 'new' && this.#options.isWanted()) this.#begin(id, now - Math.max(0, frame_time - start_time) * 1000);
    if (type !== 'end') return;
    const recording = this.#recordings.find(({ running }) => running.delete(id));
    if (recording?.running.size === 0) recording.endMs = now + this.#options.settings.after * 1000;
  }

  /** The camera has stopped: keeps what there is. */
  async close(): Promise<void> {
    // What it still holds comes with its end.
    await this.#encoded.stop();
    this.#finish(() => true);
    this.#reader = undefined;
    await this.#keeping;
    this.#ring.clear();
  }

  #begin(id: string, sinceMs: number): void {
    const now = this.#now();
    const { longest } = this.#options.settings;
    const before = Math.min(this.#options.settings.before, longest * mostBefore);
    const running = this.#recordings.at(-1);
    const isOver = running && now >= endOf(running);
    if (running && !isOver && running.lastMs - now >= longest * leastShared * 1000) {
      running.seenMs.set(id, sinceMs);
      running.running.add(id);
      running.endMs = undefined;
      return;
    }
    this.#finish((recording) => now >= endOf(recording));
    const fromMs = Math.max(sinceMs, now - confirmMs) - before * 1000;
    const fragments = this.#ring.from(fromMs);
    const bytes = fragments.reduce((sum, fragment) => sum + fragment.bytes.length, 0);
    const lastMs = fromMs + longest * 1000;
    this.#recordings.push({
      ...{ seenMs: new Map([[id, sinceMs]]), running: new Set([id]), fragments: [...fragments], bytes, lastMs },
      ...{ beginMs: fragments[0]?.beginMs, endMs: undefined },
    });
    this.#timer ??= setInterval(() => this.#check(), checkEveryMs).unref();
  }

  /** @returns False: it is no video. */
  #take(reader: FragmentReader, bytes: Buffer): boolean {
    try {
      for (const fragment of reader.write(bytes)) {
        if (fragment.header.codec && this.#options.isWanted()) this.#add(fragment);
        else this.#ring.clear();
      }
      return true;
    } catch (error) {
      this.#options.logger.warn(`clips: the video cannot be read: ${messageOf(error)}`);
      this.#cut();
      return false;
    }
  }

  #add(fragment: Fragment): void {
    const endMs = this.#ring.add(fragment, this.#now());
    for (const recording of this.#recordings) {
      if (recording.fragments.length === 0 && !fragment.isKey) continue;
      recording.beginMs ??= endMs - (fragment.ticks * 1000) / fragment.header.timescale;
      recording.fragments.push(fragment);
      recording.bytes += fragment.bytes.length;
    }
    this.#finish((recording) => endMs >= endOf(recording) || recording.bytes >= mostBytes.clip);
  }

  /** What comes next does not continue what was there. */
  #cut(): void {
    this.#ring.clear();
    this.#finish(({ fragments }) => fragments.length > 0);
  }

  #check(): void {
    this.#finish((recording) => this.#now() >= endOf(recording) + lateMs);
  }

  #finish(isOver: (recording: Recording) => boolean): void {
    const over = this.#recordings.filter(isOver);
    if (over.length === 0) return;
    this.#recordings = this.#recordings.filter((recording) => !over.includes(recording));
    if (this.#recordings.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    for (const recording of over) this.#write(recording);
  }

  #write({ seenMs, fragments, beginMs }: Recording): void {
    if (beginMs === undefined) this.#drop('no video came, or no key frame of it');
    else if (this.#counts.waiting >= mostWaiting) this.#drop('the disk is too slow: others wait for it');
    else {
      this.#counts.waiting++;
      const begins = new Map([...seenMs].map(([id, ms]) => [id, Math.max(0, (ms - beginMs) / 1000)]));
      this.#keeping = this.#keeping.then(() => this.#keep(begins, fragments));
    }
  }

  async #keep(begins: ReadonlyMap<string, number>, fragments: readonly Fragment[]): Promise<void> {
    const problem = await this.#options.keep(begins, clipOf(fragments)).catch(messageOf);
    this.#counts.waiting--;
    if (problem === undefined) this.#counts.kept++;
    else this.#drop(problem);
  }

  #drop(why: string): void {
    this.#counts.dropped++;
    if (this.#why !== why) this.#options.logger.warn(`clips: one was dropped: ${why}`);
    this.#why = why;
  }
}

const endOf = ({ endMs = Number.POSITIVE_INFINITY, lastMs }: Recording): number => Math.min(endMs, lastMs);
