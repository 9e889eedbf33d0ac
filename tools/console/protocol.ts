import type { Wire } from '../../sdk/base/wire.ts';
import type { CameraSettings } from '../../sdk/config/schema.ts';
import type { HistoryDay, HistoryPage, StoredEvent } from '../../sdk/history/stored-event.ts';
import type { WireNodeStats } from '../../sdk/hub/contract/stats.ts';
import type { HubStats } from '../../sdk/hub/hub.ts';
import type { ListedExample } from '../../sdk/learn/node-learning.ts';
import type { CameraStatus } from '../../sdk/pipeline/events.ts';
import type { CountChange } from '../../sdk/vision/counts.ts';
import type { EventMessage, ObjectState } from '../../sdk/vision/event.ts';
import type { ObjectFate, WhyReport } from '../../sdk/vision/fates.ts';
import type { SeenSize } from '../../sdk/vision/gaze/size-map.ts';
import type { Crossing } from '../../sdk/vision/lines.ts';
import type { PlainShape } from '../../sdk/vision/shape.ts';

/** The messages between the console's server and its page, in snake case. docs/console.md documents them. */

export type { CameraChange, CameraSettings, LineSettings, ZoneSettings } from '../../sdk/config/schema.ts';
export type { CameraStatus, CountChange, Crossing, EventMessage, HistoryDay, HistoryPage, ObjectState, StoredEvent };
export type NodeStats = WireNodeStats;
export type CameraStats = NodeStats['cameras'][string];
export type ConnectionStats = Wire<HubStats>;
/** Objects of one label that were seen at one place of a camera's view. */
export type SizeState = Wire<SeenSize>;
/** `GET /api/cameras/<name>/why`. */
export type WhyState = Wire<WhyReport>;
export type FateState = Wire<ObjectFate>;
export type TaughtExample = Wire<ListedExample>;

/** Where a camera's pictures come from; passwords are masked. */
export interface SourceState {
  /** As in the settings, such as `auto:`. */
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
  /** Of the settings: another one after each change. */
  revision: number;
  settings: CameraSettings;
  source: SourceState;
  /** Watched labels, and all labels of the model. Empty until the model is loaded. */
  labels: string[];
  known_labels: string[];
  counts: CountChange[];
  /** Crossings since the start: the total of each line, label and direction. */
  crossings: Omit<Crossing, 'trackId' | 'time'>[];
  /** What taught heads see in the whole view. */
  states: ViewState[];
}

/** The answer to a change of a camera. */
export interface ChangedCamera extends CameraState {
  /** As in `BoardState.file`; null too where nothing is written. */
  unwritten: string | null;
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
  /** Of both, those taught by other nodes. */
  others: number;
  /** Of its examples; null with one, or while it is not in use. */
  named: NamedRightly | null;
}

/** How many examples are named rightly when left out; a negative is, when it is unknown. */
export interface NamedRightly {
  right: number;
  of: number;
}

/** A head: it names objects, or states of a whole view. */
export interface TaughtHead {
  name: string;
  /** Whether it names objects; otherwise states. */
  objects: boolean;
  labels: TaughtLabel[];
  /** The one in use, or null. */
  version: number | null;
  /** Versions that can be rolled back to, oldest first. */
  versions: number[];
  /** `svm`, `prototypes` or `nearest`; null when none is in use. */
  kind: string | null;
  /** Of all labels with two or more examples; null when there are too few to tell. */
  named: NamedRightly | null;
  /** Fraction of the negatives that are given a label when left out, 0..1; null without negatives. */
  false_accept: number | null;
  /** Why the newest examples are not in use. */
  refused: string | null;
  /** Confusions among left-out examples, most frequent first. */
  confusions: { label: string; named: string; count: number }[];
}

/** A cut: examples of other nodes that no longer count. */
export interface TaughtCut {
  id: string;
  /** The node that made the cut. */
  node: string;
  /** In words. */
  target: string;
  reason: string;
  /** ms since 1970. */
  time: number;
  /** Made by this node, which can withdraw it. */
  own: boolean;
}

/** What was taught: `GET /api/learning`. */
export interface LearningState {
  /** Whether pictures of examples are kept: `learn.thumbnails`. */
  thumbnails: boolean;
  heads: TaughtHead[];
  /** Other nodes whose examples count. */
  nodes: { node: string; examples: number }[];
  /** The newest first. */
  cuts: TaughtCut[];
  /** How many lessons wait for an answer: `GET /api/learning/asides`. */
  asides: number;
}

/** A picture of what can be taught. */
export interface LookState {
  /** JPEG. */
  url: string;
}

/** Response to `GET /api/learning/looks`, and to `POST` once a box was drawn. */
export interface Looks {
  /** Of a drawn box: the `look` to teach. */
  id?: string;
  /** The best first; none once they are no longer held. */
  looks: LookState[];
}

/** Response to a change of the board. */
export interface BoardAnswer {
  changed: true;
  /** Of the state that came of it, for `If-Match` of the next change. */
  run: string;
}

/** Response to teaching, relabelling, rolling back and accepting. */
export interface TaughtAnswer {
  head: string;
  /** Number of examples added. */
  examples: number;
  /** Whether what was taught is in use. */
  taken: boolean;
  /** The one in use, or null. */
  version: number | null;
  named: NamedRightly | null;
  /** Why what was taught is not in use. */
  reason: string | null;
  /** Whether it can be accepted anyway: `POST /api/learning/accept`. */
  acceptable: boolean;
  /** It is kept aside: what it is has to be answered first. */
  aside: AsideState | null;
  /** Takes it back: `POST /api/learning/undo`. Null: there is nothing to take back. */
  undo: string | null;
}

/** A lesson that is kept and not in use until somebody has answered what it is. */
export interface AsideState {
  id: string;
  head: string;
  /** What it was taught as, and what something like it was taught as before. */
  label: string;
  negative: boolean;
  taken_for: { label: string; negative: boolean };
  because: 'contradiction' | 'worse';
  camera: string;
  /** ms since 1970. */
  time: number;
  /** Address of a picture of it, and of earlier ones that it contradicts. */
  picture: string | null;
  against: { id: string; picture: string | null }[];
}

/** The answer to what can be taken back. */
export interface Undoable {
  undo: string;
}

/** An object that was seen recently and not taught; the most uncertain first. */
export interface NearMissState {
  camera: string;
  track: number;
  /** ms since 1970. */
  time: number;
  /** A label, or `unknown`. */
  label: string;
  /** Probability that `nearest` is right, 0..1. */
  score: number;
  nearest: string;
  /** Labels that it may well be, at most three, the most likely first; none where it is like nothing that was taught. */
  likely: string[];
  /** How much a label would help, 0..1: they come in this order. */
  doubt: number;
  picture: string;
}

/** One page of examples, newest first; `next` is the `offset` of the following page. */
export interface ExamplePage {
  examples: TaughtExample[];
  next: number | null;
}

/** `GET /api/events/days`. */
export interface EventDays {
  /** The latest first. */
  days: HistoryDay[];
  /** Are they on disk? Otherwise they end with the process. */
  kept: boolean;
  /** Why the disk does not take events now; null: it does, or is not asked to. */
  trouble: string | null;
  /** The settings that bound them. */
  limits: { days: number; megabytes: number };
}

/** All that the page needs to start: `GET /api/state`, and the first message of each connection. */
export interface ConsoleState {
  /** A new one with each start of the console, which restarts its counters. */
  run: string;
  node: string;
  version: string;
  mqtt: { url: string; root: string } | null;
  cameras: CameraState[];
  /** Null when nothing can be taught. */
  learning: LearningState | null;
  /** What was wrong in the files on the card from which this board started, for people. */
  setup_errors: string[];
  /** How the page is reached; null where cameras, names and the access cannot be changed here. */
  board: BoardState | null;
  /** A camera's settings where nobody set anything. */
  defaults: CameraSettings;
}

export interface BoardState {
  /** Other machines reach the page. */
  network: boolean;
  /** It asks for a password. */
  password: boolean;
  /** The settings file, which others write to as well. */
  file: {
    name: string;
    /** Why what it says cannot be used; null: it can. */
    trouble: string | null;
    /** Settings that others changed there and that are used from the next start. */
    waits: string[];
    /** Why what was changed here is in use and not written to it, so that the next start loses it; null: it is written. */
    unwritten: string | null;
  };
  history: {
    days: number;
    megabytes: number;
    clips: { enabled: boolean; software: boolean };
    /** The least and the most that each may be. */
    ranges: { days: [number, number]; megabytes: [number, number] };
    /** Otherwise the settings keep them in memory alone, without clips. */
    on_disk: boolean;
  };
}

/** A change of `BoardState.history`. */
export type HistoryChange = Partial<Pick<BoardState['history'], 'days' | 'megabytes'>> & {
  clips?: Partial<BoardState['history']['clips']>;
};

/** The answer, with status 412, to a change of settings that others have changed since. */
export interface StaleAnswer {
  error: string;
  /** As it is now. */
  camera: CameraState;
}

/** `GET /api/sources`: cameras that were found. */
export interface FoundSources {
  cameras: { uri: string; title: string }[];
  /** In the network; their streams are known only to their users. */
  network: { address: string; name: string | null; hardware: string | null }[];
}

/** The answer to `POST /api/sources/try`. */
export type TriedSource =
  /** `picture`: a JPEG in base64. */
  | { works: true; title: string; width: number; height: number; note: string | null; picture: string }
  | { works: false; reason: string };

/** `GET /api/setup`, while there are no settings. */
export interface SetupState {
  setup_errors: string[];
}

/** The answer to `POST /api/setup`; the live page follows at the same address. */
export interface SetupAnswer {
  taken: true;
}

export type ServerMessage =
  | { type: 'state'; state: ConsoleState }
  /** A camera's settings, source or labels changed. */
  | { type: 'settings'; camera: CameraState }
  /** Others wrote to the settings file. */
  | { type: 'file'; file: BoardState['file'] }
  | { type: 'status'; camera: string; status: CameraStatus; source: SourceState }
  | { type: 'motion'; camera: string; moving: boolean }
  | ({ type: 'count'; camera: string } & CountChange)
  | ({ type: 'crossing'; camera: string } & Omit<Crossing, 'trackId' | 'time'>)
  | { type: 'event'; change: EventMessage['type']; event: StoredEvent }
  /** Events that are gone. */
  | { type: 'removed'; ids: readonly string[] }
  /** Something was taught or forgotten, or a head changed. */
  | { type: 'learning'; learning: LearningState }
  | { type: 'states'; camera: string; states: ViewState[] }
  /** `time`: ms since the process began, monotonic. `mqtt` is null without a broker. */
  | { type: 'stats'; time: number; stats: NodeStats; mqtt: ConnectionStats | null }
  | { type: 'error'; message: string };

/** The WebSocket's close code when its session is over: log in again. */
export const sessionEnded = 4401;

/** `GET /api/session`. */
export interface SessionState {
  /** Whether there is a password. */
  required: boolean;
  /** Whether this browser is logged in, or need not be. */
  active: boolean;
}

export type ClientMessage =
  /** Live pictures of a camera from now on; a second one for the same camera replaces the first. */
  { type: 'watch'; camera: string; max_height?: number; fps?: number } | { type: 'unwatch'; camera: string };

export interface LiveTrack extends PlainShape {
  /** Counts from 1 for each camera. */
  id: number;
  label: string;
  /** Name from local learning, and its score, 0..1. */
  sub_label: string | null;
  sub_label_score: number | null;
  /** Median score of the last observations, 0..1, as in events. */
  score: number;
  /** `[x1, y1, x2, y2]` in pixels of `width` x `height`. */
  box: [number, number, number, number];
  stationary: boolean;
  /** False while it is still tentative. */
  confirmed: boolean;
  /** False while it is out of sight; the box is then predicted. */
  visible: boolean;
  zones: string[];
}

export interface LiveHeader {
  camera: string;
  sequence: number;
  /** Of the processed frame; the JPEG may be smaller. */
  width: number;
  height: number;
  /** Wall-clock time of the capture, ms since 1970. */
  time: number;
  /** Whether the network ran on this frame; if not, nothing moved and the boxes are the previous ones. */
  inferred: boolean;
  moving: boolean;
  tracks: LiveTrack[];
  /**
   * Where the network looked when it last ran, up to this frame: `[x1, y1, x2, y2]` in pixels of `width` x `height`. None
   * before it ran.
   */
  regions: [number, number, number, number][];
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
