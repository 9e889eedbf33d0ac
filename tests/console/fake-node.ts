import { resolveSettings } from '../../sdk/config/settings.ts';
import type { Node } from '../../sdk/pipeline/node.ts';
import { Pipeline } from '../../sdk/pipeline/pipeline.ts';
import type { ObjectState } from '../../sdk/vision/event.ts';

/** A node whose cameras are there and do not run: tests emit what they would. */
export function fakeNode(...cameras: string[]): Node {
  const pipelines = new Map(cameras.map((name) => [name, new Pipeline({ name, source: 'scene:' })]));
  return {
    name: 'porch',
    settings: resolveSettings({ node: 'porch' }),
    isReady: false,
    pipelines,
    stats: () => ({ uptimeSeconds: 1, cameras: {} }),
  } as unknown as Node;
}

export function objectState(id: string, change: Partial<ObjectState> = {}): ObjectState {
  return {
    id,
    camera: 'door',
    label: 'person',
    sub_label: null,
    score: 0.7,
    top_score: 0.8,
    box: [10, 20, 110, 220],
    area: 20_000,
    ratio: 0.5,
    frame_time: 1000,
    start_time: 999,
    end_time: null,
    current_zones: [],
    entered_zones: [],
    stationary: false,
    active: true,
    motionless_count: 0,
    position_changes: 0,
    has_snapshot: false,
    has_clip: false,
    crossed_lines: {},
    ...change,
  };
}
