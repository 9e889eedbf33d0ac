import type { PlainShape } from './shape.ts';

/** A tracked object in an event message, with the field names that automations written for Frigate read. */
export interface ObjectState {
  /** `<start time>-<six letters>`, unique per node, and the same at each `ocellus replay` of a recording. */
  id: string;
  camera: string;
  /**
   * The tracker's number of the object, unique while the camera runs: the page and `request/teach` refer to it by this.
   */
  track_id: number;
  label: string;
  /** The name from local learning (`my cat`), or null. */
  sub_label: string | null;
  /** Score of the sub-label, 0..1; null without one. */
  sub_label_score: number | null;
  /** Median score over the last observations, 0..1. */
  score: number;
  /** The highest median score so far, 0..1. */
  top_score: number;
  /** `[x1, y1, x2, y2]` in frame pixels. */
  box: [number, number, number, number];
  /** Square pixels. */
  area: number;
  /** Width over height. */
  ratio: number;
  /**
   * Seconds since 1970 of this frame: `start_time` plus the time passed since, even if the clock was set meanwhile. So
   * are all times of one event.
   */
  frame_time: number;
  /** Of the first frame it was seen in, by the clock when the event began. It never changes later. */
  start_time: number;
  /** Of the last frame it was seen in; null while it is there. */
  end_time: number | null;
  current_zones: string[];
  entered_zones: string[];
  /** It has not moved for a while. */
  stationary: boolean;
  active: boolean;
  /** Frames since it last moved. */
  motionless_count: number;
  position_changes: number;
  has_snapshot: boolean;
  /** A clip of it is kept. False in what is told while it happens: a clip is kept after that. */
  has_clip: boolean;
  /** Lines it crossed, by name, with the direction of the last crossing. */
  crossed_lines: Record<string, 'in' | 'out'>;
  /** Of models that find them: where its points were when it was last seen, frame pixels. */
  keypoints?: PlainShape['keypoints'];
  /** Pairs of indices of `keypoints` that are joined. */
  skeleton?: PlainShape['skeleton'];
  /** Of models that find it: its outline when it was last seen, frame pixels. */
  mask?: PlainShape['mask'];
}

/** A message on `<camera>/events`. In a `new` message `before` equals `after`. */
export interface EventMessage {
  type: 'new' | 'update' | 'end';
  /** Counts the messages of one event from 1: together with the event's id it identifies duplicates. */
  sequence: number;
  before: ObjectState;
  after: ObjectState;
}
