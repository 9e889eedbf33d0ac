import type { CameraSettings } from '../../sdk/config/schema.ts';
import type { CameraStatus, PipelineStats } from '../../sdk/pipeline/events.ts';
import type { NodeStats } from '../../sdk/pipeline/node.ts';
import type { CountChange } from '../../sdk/vision/counts.ts';
import type { EventMessage, ObjectState } from '../../sdk/vision/event.ts';
import type { Crossing } from '../../sdk/vision/lines.ts';

/** What the console's server and its page say to each other. docs/console.md tells it to others. */

export type { CameraChange, CameraSettings, LineSettings, ZoneSettings } from '../../sdk/config/schema.ts';
export type { CameraStatus, CountChange, Crossing, EventMessage, NodeStats, ObjectState, PipelineStats };

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
  knownLabels: string[];
  counts: CountChange[];
  /** Crossings since the start, the newest total of each line, label and direction. */
  crossings: Omit<Crossing, 'trackId'>[];
}

/** An event as it stands; `picture` differs for each new picture of it and is 0 while none is held. */
export interface RecentEvent extends ObjectState {
  picture: number;
}

/** One page of events, newest first; `next` is the `before` of the following page. */
export interface EventPage {
  events: RecentEvent[];
  next: string | null;
}

/** All that the page needs to begin: `GET /api/state`, and the first message of each connection. */
export interface ConsoleState {
  node: string;
  version: string;
  mqtt: { url: string; root: string } | null;
  cameras: CameraState[];
}

export type ServerMessage =
  | { type: 'state'; state: ConsoleState }
  /** A camera's settings, source or labels changed. */
  | { type: 'settings'; camera: CameraState }
  | { type: 'status'; camera: string; status: CameraStatus; source: SourceState }
  | { type: 'motion'; camera: string; moving: boolean }
  | ({ type: 'count'; camera: string } & CountChange)
  | ({ type: 'crossing'; camera: string } & Omit<Crossing, 'trackId'>)
  | { type: 'event'; change: EventMessage['type']; event: RecentEvent }
  | { type: 'stats'; time: number; stats: NodeStats }
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
  { type: 'watch'; camera: string; maxHeight?: number; fps?: number } | { type: 'unwatch'; camera: string };

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
