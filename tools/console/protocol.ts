import type { CameraChange, CameraSettings } from '../../sdk/config/schema.ts';
import type { PipelineStats } from '../../sdk/pipeline/events.ts';
import type { NodeStats } from '../../sdk/pipeline/node.ts';
import type { CountChange } from '../../sdk/vision/counts.ts';
import type { EventMessage, ObjectState } from '../../sdk/vision/event.ts';

/** What the server and the page tell each other. Types alone: the page has no code of the SDK. */

export type { CameraChange, CameraSettings, CountChange, EventMessage, NodeStats, ObjectState, PipelineStats };

export type CameraStatus = 'online' | 'offline' | 'disabled';

/** A camera as it is now. */
export interface CameraState {
  readonly name: string;
  readonly status: CameraStatus;
  readonly moving: boolean;
  readonly settings: CameraSettings;
  readonly counts: readonly CountChange[];
  /** What is shown, once it is open. */
  readonly source?: {
    readonly title: string;
    readonly kind: string;
    readonly width: number;
    readonly height: number;
    readonly fps?: number;
    /** Why this source, and how to change it. */
    readonly note?: string;
  };
  readonly lastError?: string;
}

/** `GET /api/state`, and the first message of the WebSocket. */
export interface NodeState {
  readonly node: string;
  readonly version: string;
  readonly model?: { readonly name: string; readonly title?: string; readonly labels: readonly string[] };
  /** Where the detections go; absent when MQTT is off. */
  readonly mqtt?: { readonly url: string; readonly topic: string };
  readonly cameras: readonly CameraState[];
}

/** An event as the page lists it: its last message. */
export interface LoggedEvent {
  readonly type: EventMessage['type'];
  readonly state: ObjectState;
  /** There is a picture at `/api/events/<id>/snapshot.jpg`. */
  readonly snapshot: boolean;
}

/** A text message of the server. */
export type ServerMessage =
  | { readonly type: 'state'; readonly state: NodeState }
  | { readonly type: 'event'; readonly event: LoggedEvent }
  | { readonly type: 'camera'; readonly camera: CameraState }
  | { readonly type: 'stats'; readonly stats: NodeStats }
  | { readonly type: 'error'; readonly message: string };

/** A text message of the page: the camera it shows, or null for none. */
export interface WatchMessage {
  readonly type: 'watch';
  readonly camera: string | null;
  /** Of the picture, in pixels; a larger one is shrunk. */
  readonly maxHeight?: number;
}

export interface TrackBox {
  readonly id: number;
  readonly label: string;
  readonly score: number;
  /** `[x1, y1, x2, y2]` in frame pixels. */
  readonly box: readonly [number, number, number, number];
  readonly stationary: boolean;
  readonly zones: readonly string[];
}

/**
 * A binary message of the server is a picture with what was seen in it: the header's length (4 bytes, little-endian),
 * the header as JSON, and a JPEG.
 */
export interface FrameHeader {
  readonly camera: string;
  readonly sequence: number;
  /** Of the frame, to which the boxes refer; the JPEG may be smaller. */
  readonly width: number;
  readonly height: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly moving: boolean;
  readonly tracks: readonly TrackBox[];
}
