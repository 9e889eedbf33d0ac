import type { EventEmitter } from 'node:events';
import type { BoardSenses } from '../../../devices/index.ts';
import type { DetectorInfo } from '../../core/detector.ts';
import type { History } from '../../history/history.ts';
import type { CameraLearning } from '../../learn/camera/camera-learning.ts';
import type { NodeLearning, NodeLearningEvents } from '../../learn/node-learning.ts';
import type { PipelineEvents } from '../../pipeline/events.ts';
import type { NodeEvents, NodeStats } from '../../pipeline/node.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';

/** What the hub needs from a camera's pipeline. */
export type HubCamera = Pick<
  Pipeline,
  'name' | 'settings' | 'status' | 'moving' | 'tracks' | 'counts' | 'change' | 'snapshot' | 'restart' | 'why'
> &
  EventEmitter<PipelineEvents>;

/** What the hub needs from a node's local learning. */
export type HubLearning = Pick<
  NodeLearning,
  | 'settings'
  | 'isReady'
  | 'open'
  | 'teach'
  | 'relabel'
  | 'forget'
  | 'withdraw'
  | 'settle'
  | 'rollback'
  | 'accept'
  | 'summary'
  | 'review'
  | 'examples'
  | 'count'
  | 'cuts'
  | 'asides'
  | 'nearMisses'
> & { camera(name: string): Pick<CameraLearning, 'heads' | 'states'> } & EventEmitter<NodeLearningEvents>;

/** What the hub needs from a node; a `Node` is one. */
export type HubNode = {
  readonly name: string;
  /** Of the detector in use, once that is known. */
  readonly card: DetectorInfo | undefined;
  /** Which figures its board tells, once that is known. */
  readonly senses: BoardSenses | undefined;
  readonly pipelines: ReadonlyMap<string, HubCamera>;
  /** Undefined where nothing can be taught. */
  readonly learning?: HubLearning | undefined;
  /** Past events; undefined where none are kept. */
  readonly history?: Pick<History, 'list'> | undefined;
  stats(): NodeStats;
} & EventEmitter<NodeEvents>;
