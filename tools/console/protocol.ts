import type { Wire } from '../../sdk/base/wire.ts';
import type { CameraSettings } from '../../sdk/config/schema.ts';
import type { WireNodeStats } from '../../sdk/hub/contract/stats.ts';
import type { HubStats } from '../../sdk/hub/hub.ts';
import type { ListedExample } from '../../sdk/learn/node-learning.ts';
import type { CameraStatus } from '../../sdk/pipeline/events.ts';
import type { CountChange } from '../../sdk/vision/counts.ts';
import type { EventMessage, ObjectState } from '../../sdk/vision/event.ts';
import type { Crossing } from '../../sdk/vision/lines.ts';

/** What the console's server and its page say to each other, in snake case. docs/console.md tells it to others. */

export type { CameraChange, CameraSettings, LineSettings, ZoneSettings } from '../../sdk/config/schema.ts';
export type { CameraStatus, CountChange, Crossing, EventMessage, ObjectState };
export type NodeStats = WireNodeStats;
export type CameraStats = NodeStats['cameras'][string];
export type ConnectionStats = Wire<HubStats>;
export type TaughtExample = Wire<ListedExample>;

/** Where a camera's pictures come from; passwords are masked. */
export interface SourceState {
  /** As it stands in the settings, such as `auto:`. */
  uri: string;
  /** Null until the source was opened. */
  opened: {
    kind: string;
    title: string;
    width: number;
    height: number;
    fps: number | null;
    /** Why this source is shown and how to change it. */
    note: string | null;
  } | null;
}

export interface CameraState {
  name: string;
  status: CameraStatus;
  moving: boolean;
  settings: CameraSettings;
  source: SourceState;
  /** Watched labels, and all that the model knows. Empty until the model is loaded. */
  labels: string[];
  known_labels: string[];
  counts: CountChange[];
  /** Crossings since the start, the newest total of each line, label and direction. */
  crossings: Omit<Crossing, 'trackId' | 'time'>[];
  /** What taught heads see in the whole view. */
  states: ViewState[];
}

/** A state of a whole view, such as `cupboard` and `tidy`. */
export interface ViewState {
  head: string;
  /** A label, or `unsure`. */
  state: string;
}

/** A label of a head. */
export interface TaughtLabel {
  label: string;
  examples: number;
  negatives: number;
  /** Of both, those that other nodes taught. */
  others: number;
  /** Share of its examples that are named rightly when they are left out, 0..1; null while it is not in use. */
  accuracy: number | null;
}

/** What names objects, or a state of a whole view. */
export interface TaughtHead {
  name: string;
  /** It names objects; else it is a state. */
  objects: boolean;
  labels: TaughtLabel[];
  /** In use; null where none is. */
  version: number | null;
  /** Those that can be rolled back to, the oldest first. */
  versions: number[];
  /** `svm`, `prototypes` or `nearest`; null where none is in use. */
  kind: string | null;
  /** Share of all examples that are named rightly when they are left out, 0..1; null where that says nothing yet. */
  accuracy: number | null;
  /** Share of the negatives that are given a label when they are left out, 0..1; null without negatives. */
  false_accept: number | null;
  /** Why the newest examples are not in use. */
  refused: string | null;
  /** What is taken for what when it is left out, the most frequent first. */
  confusions: { label: string; named: string; count: number }[];
}

/** Something that was taken out of what nodes taught. */
export interface TaughtCut {
  id: string;
  /** Who cut. */
  node: string;
  /** In words. */
  target: string;
  reason: string;
  /** ms since 1970. */
  time: number;
  /** This node's, which can withdraw it. */
  own: boolean;
}

/** What was taught: `GET /api/learning`. */
export interface LearningState {
  /** Pictures of examples are kept: `learn.thumbnails`. */
  thumbnails: boolean;
  heads: TaughtHead[];
  /** Other nodes whose examples count. */
  nodes: { node: string; examples: number }[];
  /** The newest first. */
  cuts: TaughtCut[];
}

/** A picture of what can be taught. */
export interface LookState {
  /** JPEG. */
  url: string;
}

/** Answers `GET /api/learning/looks`, and `POST` to it once a box was drawn. */
export interface Looks {
  /** Of a drawn box: the `look` to teach. */
  id?: string;
  /** The best first; none once they are no longer held. */
  looks: LookState[];
}

/** Answers what teaches, relabels, rolls back or accepts. */
export interface TaughtAnswer {
  head: string;
  /** How many examples there are more. */
  examples: number;
  /** What was taught is in use. */
  taken: boolean;
  /** In use; null where none is. */
  version: number | null;
  accuracy: number | null;
  /** Why it is not in use. */
  reason: string | null;
  /** It can be taken all the same: `POST /api/learning/accept`. */
  acceptable: boolean;
}

/** Something that was seen lately and not taught; the most uncertain first. */
export interface NearMissState {
  camera: string;
  track: number;
  /** ms since 1970. */
  time: number;
  /** A label, or `unknown`. */
  label: string;
  /** The chance that `nearest` is right, 0..1. */
  score: number;
  nearest: string;
  picture: string;
}

/** One page of examples, newest first; `next` is the `offset` of the following page. */
export interface ExamplePage {
  examples: TaughtExample[];
  next: number | null;
}

/** An event as it stands. */
export interface RecentEvent extends ObjectState {
  /** Differs for each new picture of it; 0 while none is held. */
  picture: number;
  /** Counts the events of this run in the order in which they began. Their times may be in another: a clock may be set. */
  place: number;
  /** Time spent since it began, seconds, as this is told: no other clock need be right to say how long it is there. */
  age: number;
}

/** One page of events, newest first; `next` is the `before` of the following page. */
export interface EventPage {
  events: RecentEvent[];
  next: string | null;
}

/** All that the page needs to begin: `GET /api/state`, and the first message of each connection. */
export interface ConsoleState {
  /** Another one for each start of the console: what it counts begins anew with it. */
  run: string;
  node: string;
  version: string;
  mqtt: { url: string; root: string } | null;
  cameras: CameraState[];
  /** Null where nothing can be taught. */
  learning: LearningState | null;
}

export type ServerMessage =
  | { type: 'state'; state: ConsoleState }
  /** A camera's settings, source or labels changed. */
  | { type: 'settings'; camera: CameraState }
  | { type: 'status'; camera: string; status: CameraStatus; source: SourceState }
  | { type: 'motion'; camera: string; moving: boolean }
  | ({ type: 'count'; camera: string } & CountChange)
  | ({ type: 'crossing'; camera: string } & Omit<Crossing, 'trackId' | 'time'>)
  | { type: 'event'; change: EventMessage['type']; event: RecentEvent }
  /** Something was taught or forgotten, or a head is another one now. */
  | { type: 'learning'; learning: LearningState }
  | { type: 'states'; camera: string; states: ViewState[] }
  /** `time`: ms by a clock that cannot be set, since the process began. `mqtt` is null where there is no broker. */
  | { type: 'stats'; time: number; stats: NodeStats; mqtt: ConnectionStats | null }
  | { type: 'error'; message: string };

/** The WebSocket's close code when its session is over: log in again. */
export const sessionEnded = 4401;

/** `GET /api/session`. */
export interface SessionState {
  /** There is a password. */
  required: boolean;
  /** This browser may come in. */
  active: boolean;
}

export type ClientMessage =
  /** Live pictures of a camera from now on; a second one for the same camera replaces the first. */
  { type: 'watch'; camera: string; max_height?: number; fps?: number } | { type: 'unwatch'; camera: string };

export interface LiveTrack {
  /** Counts from 1 for each camera. */
  id: number;
  label: string;
  /** What local learning calls it, and how sure that is, 0..1. */
  sub_label: string | null;
  sub_label_score: number | null;
  /** Median of the last observations, 0..1, as events say it. */
  score: number;
  /** `[x1, y1, x2, y2]` in pixels of `width` x `height`. */
  box: [number, number, number, number];
  stationary: boolean;
  /** False: it may still turn out to be nothing. */
  confirmed: boolean;
  /** False: it is out of sight and the box is where it should be. */
  visible: boolean;
  zones: string[];
}

export interface LiveHeader {
  camera: string;
  sequence: number;
  /** Of the frame that was looked at; the JPEG may be smaller. */
  width: number;
  height: number;
  /** Wall-clock time of the capture, ms since 1970. */
  time: number;
  /** The network looked at this frame; else nothing moved and the boxes are those of before. */
  inferred: boolean;
  moving: boolean;
  tracks: LiveTrack[];
}

/**
 * A binary message: 4 bytes length of the header (big-endian), the header as JSON in UTF-8, the JPEG.
 */
export function packLive(header: LiveHeader, jpeg: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const message = new Uint8Array(4 + text.length + jpeg.length);
  new DataView(message.buffer).setUint32(0, text.length);
  message.set(text, 4);
  message.set(jpeg, 4 + text.length);
  return message;
}

/** @throws RangeError when the message is too short for its header, SyntaxError when that is not JSON. */
export function unpackLive(message: ArrayBuffer): { header: LiveHeader; jpeg: Uint8Array<ArrayBuffer> } {
  const length = new DataView(message).getUint32(0);
  const text = new TextDecoder().decode(new Uint8Array(message, 4, length));
  return { header: JSON.parse(text), jpeg: new Uint8Array(message, 4 + length) };
}
