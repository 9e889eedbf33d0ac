// Surface only; the body follows.
import { EventEmitter } from 'node:events';
import type { Settings } from '../config/schema.ts';
import type { Model } from '../core/model.ts';
import type { PipelineStats } from './events.ts';
import type { Pipeline } from './pipeline.ts';

/** What a node says of itself on `ocellus/<node>/stats`. */
export interface NodeStats {
  uptimeSeconds: number;
  cpuPercent: number;
  memory: { residentMb: number; heapMb: number };
  /** Degrees Celsius where the board tells it. */
  temperature: number | null;
  eventLoopDelayMs: { mean: number; p99: number };
  model: string;
  cameras: Record<string, PipelineStats>;
}

/** A board: its cameras' pipelines and the one core they share. */
export declare class Node extends EventEmitter<{ stats: [NodeStats]; settings: [] }> {
  readonly name: string;
  readonly settings: Settings;
  readonly model: Model;
  readonly pipelines: ReadonlyMap<string, Pipeline>;
  /** Emitted as `stats` every 10 s as well. */
  stats(): NodeStats;
  start(): Promise<void>;
  stop(): Promise<void>;
}
