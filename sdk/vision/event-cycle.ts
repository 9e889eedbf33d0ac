import { createHash } from 'node:crypto';
import { assertKind, assertShape } from '../base/arguments.ts';
import type { EventMessage, ObjectState } from './event.ts';
import type { Crossing } from './lines.ts';
import { type Moment, timeAt } from './moment.ts';
import { roundedShape } from './shape.ts';
import { assertTracks, isDetected, type Track } from './track.ts';

interface Running {
  /** When it was confirmed; its times count from there, so setting the clock meanwhile changes none of them. */
  readonly since: Moment;
  state: ObjectState;
  sent: ObjectState;
  sentNs: number;
  /** Messages so far. */
  told: number;
}

/** Least time between updates for better scores and moves alone; zones and states are reported at once. */
const updateIntervalNs = 5e9;
/** The least improvement of the score that is worth an update. */
const scoreStep = 0.05;

/**
 * The life of events: one `new` when a track is confirmed, `update` when something about it changed that matters, one
 * `end` when it is gone. Deterministic: the same tracks at the same times give the same messages and ids.
 *
 * The times of one event are consistent: it begins by the wall clock, and all that follows adds the time passed.
 *
 * @example
 * const events = new EventCycle('door');
 * const moment = { captureTimeNs: timeNs, wallTimeMs: Date.now() };
 * const tracks = zones.update(tracker.update(detections, timeNs), { width: 640, height: 480 });
 * for (const { type, after } of events.update(tracks, tracker.takeEnded(), moment)) console.log(type, after.label);
 */
export class EventCycle {
  readonly #camera: string;
  readonly #salt: string;
  readonly #running = new Map<number, Running>();

  /**
   * @param camera Named in each message, and part of each id.
   * @param options.salt Part of each id, so that a board whose clock restarts at the same time with each boot repeats
   * no id. Default: none, so that a replay gives the same ids.
   */
  constructor(camera: string, options: { salt?: string } = {}) {
    assertKind('EventCycle: camera', camera, 'text', 'the name of a camera');
    assertShape('EventCycle: options', options, { salt: 'text?' });
    const { salt = '' } = options;
    this.#camera = camera;
    this.#salt = salt;
  }

  /**
   * Tells what became of the events: to be called for each inference.
   *
   * @param ended Tracks that ended since the last call. @param crossings Line crossings since then, also of ended
   * tracks.
   */
  update(
    tracks: readonly Track[],
    ended: readonly Track[],
    moment: Moment,
    crossings: readonly Crossing[] = [],
  ): EventMessage[] {
    assertTracks('EventCycle.update: tracks', tracks);
    assertTracks('EventCycle.update: ended', ended);
    if (!Number.isFinite(moment?.captureTimeNs + moment?.wallTimeMs)) {
      assertShape('EventCycle.update: moment', moment, { captureTimeNs: 'finite', wallTimeMs: 'finite' }, 'a moment');
    }
    const messages: EventMessage[] = [];
    this.#note(crossings);
    for (const track of ended) {
      const running = this.#running.get(track.id);
      if (!running) continue;
      // It may have been named after it was last seen.
      running.state = { ...running.state, ...named(track) };
      messages.push(this.#end(track.id, running));
    }
    for (const track of tracks) {
      if (!track.confirmed) continue;
      const running = this.#running.get(track.id);
      if (!running) messages.push(this.#begin(track, moment, crossings));
      else if (isDetected(track)) {
        const message = this.#continue(running, track, moment);
        if (message) messages.push(message);
      }
    }
    return messages;
  }

  /**
   * Records that the snapshot of this event exists: all later messages say so.
   *
   * @returns The current message, saying so.
   */
  withSnapshot(message: EventMessage): EventMessage {
    const running = this.#running.get(message.after.track_id);
    if (running?.state.id === message.after.id) {
      running.state = { ...running.state, has_snapshot: true };
      running.sent = { ...running.sent, has_snapshot: true };
    }
    const after = { ...message.after, has_snapshot: true };
    return { ...message, before: message.type === 'new' ? { ...after } : message.before, after };
  }

  /** Ends all current events. @param crossings Those found when their tracks ended. */
  finish(crossings: readonly Crossing[] = []): EventMessage[] {
    this.#note(crossings);
    return [...this.#running].map(([id, running]) => this.#end(id, running));
  }

  #note(crossings: readonly Crossing[]): void {
    for (const { trackId, line, direction } of crossings) {
      const running = this.#running.get(trackId);
      if (!running) continue;
      running.state = { ...running.state, crossed_lines: { ...running.state.crossed_lines, [line]: direction } };
    }
  }

  #begin(track: Track, moment: Moment, crossings: readonly Crossing[]): EventMessage {
    const start_time = timeAt(Math.min(track.firstSeenNs, moment.captureTimeNs), moment);
    const state: ObjectState = {
      id: eventId([this.#camera, track.id, start_time, ...(this.#salt && [this.#salt])], start_time),
      camera: this.#camera,
      track_id: track.id,
      label: track.label,
      top_score: 0,
      start_time,
      end_time: null,
      has_snapshot: false,
      has_clip: false,
      // Including what it did before it was confirmed.
      crossed_lines: Object.fromEntries(
        crossings.filter(({ trackId }) => trackId === track.id).map(({ line, direction }) => [line, direction]),
      ),
      frame_time: timeAt(moment.captureTimeNs, moment),
      ...observed(track),
    };
    state.top_score = state.score;
    // Copied: a frame that was passed as the moment must not be kept.
    const since = { captureTimeNs: moment.captureTimeNs, wallTimeMs: moment.wallTimeMs };
    this.#running.set(track.id, { since, state, sent: { ...state }, sentNs: moment.captureTimeNs, told: 1 });
    return { type: 'new', sequence: 1, before: { ...state }, after: { ...state } };
  }

  #continue(running: Running, track: Track, moment: Moment): EventMessage | undefined {
    // Never before the last message: a source that restarts may count its time from there.
    const frame_time = Math.max(running.state.frame_time, timeAt(moment.captureTimeNs, running.since));
    const state: ObjectState = { ...running.state, frame_time, ...observed(track) };
    state.top_score = Math.max(running.state.top_score, state.score);
    running.state = state;
    const { sent } = running;
    const matters =
      state.stationary !== sent.stationary ||
      state.sub_label !== sent.sub_label ||
      state.current_zones.join() !== sent.current_zones.join() ||
      state.entered_zones.length !== sent.entered_zones.length ||
      JSON.stringify(state.crossed_lines) !== JSON.stringify(sent.crossed_lines);
    const due = moment.captureTimeNs - running.sentNs >= updateIntervalNs;
    const better = state.top_score - sent.top_score >= scoreStep || (state.active && moved(state, sent));
    if (!matters && !(due && better)) return undefined;
    const before = sent;
    running.sent = { ...state };
    running.sentNs = moment.captureTimeNs;
    return { type: 'update', sequence: ++running.told, before, after: { ...state } };
  }

  /** An event ends when the object was last seen, not when it was given up. */
  #end(trackId: number, { state, sent, told }: Running): EventMessage {
    this.#running.delete(trackId);
    const after = { ...state, end_time: state.frame_time, current_zones: [], active: false };
    return { type: 'end', sequence: told + 1, before: sent, after };
  }
}

/** The state of a track as messages report it. */
function observed(track: Track) {
  const [x1, y1, x2, y2] = track.box;
  const width = x2 - x1;
  const height = y2 - y1;
  return {
    score: round(track.medianScore, 4),
    box: [round(x1, 1), round(y1, 1), round(x2, 1), round(y2, 1)] as [number, number, number, number],
    area: Math.round(width * height),
    ratio: round(width / Math.max(1, height), 2),
    current_zones: [...track.currentZones],
    entered_zones: [...track.enteredZones],
    stationary: track.stationary,
    active: !track.stationary,
    motionless_count: track.motionlessCount,
    position_changes: track.positionChanges,
    ...named(track),
    ...roundedShape(track),
  };
}

function named({ subLabel }: Track) {
  return { sub_label: subLabel?.label ?? null, sub_label_score: subLabel ? round(subLabel.score, 4) : null };
}

/** Whether it moved half its size from the position last reported. */
function moved(a: ObjectState, b: ObjectState): boolean {
  const [ax1, ay1, ax2, ay2] = a.box;
  const [bx1, by1, bx2, by2] = b.box;
  const distance = Math.hypot(ax1 + ax2 - bx1 - bx2, ay1 + ay2 - by1 - by2) / 2;
  return distance > Math.max(ax2 - ax1, ay2 - ay1) / 2;
}

const letters = 'abcdefghijklmnopqrstuvwxyz';

/** `<start time>-<six letters>`: letters that are the same in a replay and differ between tracks. */
function eventId(parts: readonly (string | number)[], startTime: number): string {
  const digest = createHash('sha256').update(parts.join('\0')).digest();
  let suffix = '';
  for (let i = 0; i < 6; i++) suffix += letters[digest[i]! % 26];
  return `${startTime.toFixed(6)}-${suffix}`;
}

function round(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}
