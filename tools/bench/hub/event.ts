import type { EventMessage, ObjectState } from '../../../sdk/vision/event.ts';

/** Where the hub of node `bench` tells the events of camera `door`. */
export const topic = 'ocellus/bench/door/events';

const state: ObjectState = {
  id: '1795598209.142987-fercfp',
  camera: 'door',
  track_id: 1,
  label: 'person',
  sub_label: null,
  sub_label_score: null,
  score: 0.6891,
  top_score: 0.6891,
  box: [1, 196.8, 239.3, 534.2],
  area: 80_397,
  ratio: 0.71,
  frame_time: 1_795_598_209.342987,
  start_time: 1_795_598_209.142987,
  end_time: null,
  current_zones: ['steps'],
  entered_zones: ['steps'],
  stationary: false,
  active: true,
  motionless_count: 2,
  position_changes: 0,
  has_snapshot: true,
  has_clip: false,
  crossed_lines: {},
};
/** An event such as a pipeline tells, with its number. */
export const eventOf = (sequence: number): EventMessage => ({ type: 'update', sequence, before: state, after: state });
