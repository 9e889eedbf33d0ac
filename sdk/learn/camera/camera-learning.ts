import { setTimeout as sleep } from 'node:timers/promises';
import { InputError, messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Embedding } from '../../core/embedding.ts';
import type { Frame } from '../../frame/frame.ts';
import type { Region } from '../../frame/letterbox.ts';
import { encodeJpeg } from '../../picture/picture.ts';
import type { SubLabel, Track } from '../../vision/track.ts';
import type { ExampleKind } from '../ledger/example.ts';
import { cropJpeg } from './crop.ts';
import { ObjectNames, type Oracle } from './object-names.ts';
import type { TrackView, ViewedTrack } from './track-views.ts';
import { type NormalisedBox, regionOf, type ViewState, ViewStates } from './view-states.ts';

/**
 * The subject of a lesson: a track or an event by its number or id, a box of the newest frame in its pixels, or the
 * whole view.
 */
export type Subject =
  | { readonly track: number }
  | { readonly event: string }
  | { readonly box: readonly [number, number, number, number] }
  | { readonly view: string };

/** One look at a subject. */
export interface Look {
  readonly kind: ExampleKind;
  readonly embedding: Embedding;
  /** JPEG, at most 256 pixels a side. */
  readonly picture: Buffer;
}

/** Of what the learning of one camera is made. */
export interface CameraLearningOptions {
  readonly oracle: Oracle;
  /** The heads of whole views that were taught on this camera. */
  readonly taughtHeads: () => readonly string[];
  /** Between two looks at the whole view. */
  readonly intervalMs: number;
  readonly settings: CameraLearningSettings;
  /** Called when what a head sees in the whole view has changed. */
  readonly onState: (state: ViewState) => void;
  readonly logger: Logger;
}

/** What of a camera's settings concerns learning. */
export interface CameraLearningSettings {
  /** Off: no looks are taken, and nothing is named or taught. */
  readonly enabled: boolean;
  /** Heads taught elsewhere to recognise here, and the part of the view that a head is about. */
  readonly states: Readonly<Record<string, { readonly region?: NormalisedBox }>>;
}

const longestWaitMs = 2000;
const napMs = 20;

/** Local learning for one camera: the `learning` of its pipeline. */
export class CameraLearning {
  readonly #options: CameraLearningOptions;
  readonly #names: ObjectNames;
  readonly #states: ViewStates;
  #settings: CameraLearningSettings;
  #newest: Frame | undefined;
  #looking: Promise<void> | undefined;
  #isClosed = false;
  /** The error of the last look: logged once, not for each frame. */
  #complaint: string | undefined;

  constructor(options: CameraLearningOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#names = new ObjectNames(options.oracle);
    this.#states = new ViewStates(options.oracle);
  }

  /** Takes new settings; from the next look on. */
  configure(settings: CameraLearningSettings): void {
    this.#settings = settings;
    if (!settings.enabled) this.#keep(undefined);
  }

  /** The heads of whole views that are looked for here, whether or not there is one yet. */
  get heads(): readonly string[] {
    return [...this.#stateHeads().keys()];
  }

  /** What each head sees in the whole view. */
  get states(): readonly ViewState[] {
    return this.#settings.enabled ? this.#states.states : [];
  }

  /** The objects of now and of a while ago, with the looks that are held of each. */
  get tracks(): readonly ViewedTrack[] {
    return this.#names.tracks;
  }

  /** A frame that arrives while another is processed is only kept for teaching. */
  look(report: { frame: Frame; tracks: readonly Track[]; inferred: boolean; moving: boolean }): Promise<void> {
    if (!this.#settings.enabled || this.#isClosed) return Promise.resolve();
    this.#keep(report.frame);
    this.#looking ??= this.#look(report).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** What a track was recognised as; undefined where nothing was, or it is off. */
  nameOf(trackId: number): SubLabel | undefined {
    return this.#settings.enabled ? this.#names.nameOf(trackId) : undefined;
  }

  /** Remembers which event a track is, so that the event can be taught by its id. */
  noteEvent({ id, track_id }: { readonly id: string; readonly track_id: number }): void {
    // Tracks are let go of by looks at what is there now, and there are none while it is off.
    if (this.#settings.enabled) this.#names.noteEvent(id, track_id);
  }

  /** Forgets the tracks, as when the source was changed. */
  reset(): void {
    this.#names.reset();
    this.#keep(undefined);
  }

  /** The version of a head changed. */
  async renew(): Promise<void> {
    this.#states.renew();
    await this.#guarded(() => this.#names.renew());
  }

  /**
   * Returns the looks at a subject, best first.
   *
   * @throws InputError when there is no such subject here, or learning is off.
   */
  async looksAt(subject: Subject): Promise<readonly Look[]> {
    if (!this.#settings.enabled) throw new InputError('learning is off for this camera: learn.enabled');
    if ('track' in subject || 'event' in subject) {
      const views = await this.#viewsOf(subject);
      if (views.length === 0) throw this.#unknown(subject);
      return views.map(({ embedding, jpeg }) => ({ kind: 'track', embedding, picture: jpeg }));
    }
    const frame = this.#newest?.acquire();
    if (!frame) throw new InputError('there is no picture of this camera yet');
    try {
      const isBox = 'box' in subject;
      const region = isBox
        ? boxRegion(frame, subject.box)
        : regionOf(frame, this.#settings.states[subject.view]?.region);
      const [embedding] = await this.#options.oracle.embed(frame, [region]);
      const picture = await encodeJpeg(frame, { region, ...cropJpeg });
      return [{ kind: isBox ? 'box' : 'view', embedding: embedding!, picture }];
    } finally {
      frame.release();
    }
  }

  /** The pictures that are held of a track, or of the track that an event is about, the best first; none once they are gone. */
  viewsOf(of: { track: number } | { event: string }): readonly TrackView[] {
    return this.#names.viewsOf(of);
  }

  /** Marks it as labelled: it is not suggested for teaching any more. */
  noteTaught(of: { track: number } | { event: string }): void {
    this.#names.noteTaught(of);
  }

  /** Lets go of the frame it keeps, and looks at nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#keep(undefined);
  }

  /** Who teaches an object the moment it came is before the first look at it, which comes with one of the next frames. */
  async #viewsOf(subject: { track: number } | { event: string }): ReturnType<ObjectNames['embeddedViewsOf']> {
    const isMeant = ({ trackId, eventId }: ViewedTrack) =>
      'track' in subject ? trackId === subject.track : eventId === subject.event;
    const isYetToSee = () =>
      this.#names.tracks.some((track) => isMeant(track) && track.views.length === 0 && !track.isOver);
    for (let waitedMs = 0; isYetToSee() && waitedMs < longestWaitMs; waitedMs += napMs) await sleep(napMs);
    return this.#names.embeddedViewsOf(subject);
  }

  async #look({ frame, tracks, inferred, moving }: Parameters<CameraLearning['look']>[0]): Promise<void> {
    frame.acquire();
    try {
      await this.#guarded(async () => {
        if (inferred) await this.#names.look(frame, tracks);
        const changed = await this.#states.look(frame, this.#stateHeads(), {
          moving,
          intervalMs: this.#options.intervalMs,
        });
        for (const state of this.#states.states) if (changed.includes(state.head)) this.#options.onState(state);
      });
    } finally {
      frame.release();
    }
  }

  #stateHeads(): ReadonlyMap<string, NormalisedBox | undefined> {
    const { states } = this.#settings;
    const names = [...this.#options.taughtHeads(), ...Object.keys(states)];
    return new Map(names.map((head) => [head, states[head]?.region]));
  }

  /** A failure of learning does not affect the camera. */
  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#complaint = undefined;
    } catch (error) {
      const message = messageOf(error);
      // What was under way at the end fails for want of a network.
      if (message !== this.#complaint && !this.#isClosed) this.#options.logger.error(`learning: ${message}`);
      this.#complaint = message;
    }
  }

  #keep(frame: Frame | undefined): void {
    frame?.acquire();
    this.#newest?.release();
    this.#newest = frame;
  }

  #unknown(subject: { track: number } | { event: string }): InputError {
    const [what, got] = 'track' in subject ? ['track', subject.track] : ['event', subject.event];
    const known = this.#names.tracks.map(({ trackId, eventId }) => ('track' in subject ? trackId : eventId));
    const newest = known.filter((one) => one !== undefined).slice(-5);
    const which = newest.length > 0 ? `such as ${newest.join(', ')}` : 'and there is none yet';
    return new InputError(`${what}: expected one that was seen well lately, ${which}; got ${got}`);
  }
}

function boxRegion(frame: Frame, [x1, y1, x2, y2]: readonly [number, number, number, number]): Region {
  const x = Math.max(0, Math.floor(x1));
  const y = Math.max(0, Math.floor(y1));
  const width = Math.min(frame.width, Math.ceil(x2)) - x;
  const height = Math.min(frame.height, Math.ceil(y2)) - y;
  if (width < 8 || height < 8) {
    throw new InputError(
      `box: expected [x1, y1, x2, y2] of at least 8 pixels a side in a frame of ${frame.width}x${frame.height}, got [${[x1, y1, x2, y2].join(', ')}]`,
    );
  }
  return { x, y, width, height };
}
