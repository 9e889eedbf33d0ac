import type { EventEmitter } from 'node:events';
import type { Settings } from '../../../sdk/config/schema.ts';
import type { History } from '../../../sdk/history/history.ts';
import type { NodeLearning } from '../../../sdk/learn/node-learning.ts';
import type { PipelineEvents } from '../../../sdk/pipeline/events.ts';
import type { NodeStats } from '../../../sdk/pipeline/node.ts';
import type { Pipeline } from '../../../sdk/pipeline/pipeline.ts';

/** What the console needs of a camera's pipeline. */
export type ConsoleCamera = Pick<
  Pipeline,
  | 'name'
  | 'settings'
  | 'revision'
  | 'status'
  | 'moving'
  | 'counts'
  | 'labels'
  | 'knownLabels'
  | 'change'
  | 'snapshot'
  | 'sizes'
  | 'why'
> & {
  readonly device: Pick<NonNullable<Pipeline['device']>, 'properties'> | undefined;
} & EventEmitter<PipelineEvents>;

/** What the console needs of a node; a `Node` is one. */
export interface ConsoleNode {
  readonly name: string;
  readonly settings: Pick<Settings, 'mqtt' | 'history' | 'storage'>;
  readonly pipelines: ReadonlyMap<string, ConsoleCamera>;
  /** Undefined when nothing can be taught. */
  readonly learning?: NodeLearning | undefined;
  /** Past events. */
  readonly history: Pick<
    History,
    'list' | 'days' | 'find' | 'picture' | 'clip' | 'remove' | 'isKept' | 'trouble' | 'on' | 'off'
  >;
  stats(): NodeStats;
}
