import { EventEmitter } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LearnSettings } from '../../../../sdk/config/schema.ts';
import { resolveSettings } from '../../../../sdk/config/settings.ts';
import type { HubLearning } from '../../../../sdk/hub/extensions/hub-node.ts';
import { Hub, type HubOptions } from '../../../../sdk/hub/hub.ts';
import { Learner, type LearnerOptions, type Lesson } from '../../../../sdk/learn/learner.ts';
import type { CutTarget, Example } from '../../../../sdk/learn/ledger/example.ts';
import type { NodeLearningEvents } from '../../../../sdk/learn/node-learning.ts';
import { draft, embeddings } from '../../../learn/fakes.ts';
import { FakeNode, mqttSettings } from '../../../support/hub.ts';
import { recorder } from '../../../support/recorder.ts';

export const space = 'e1f0';
export const dimension = 64;
export const labels = ['cat', 'dog', 'parcel'];
/** Each thing a little otherwise each time. */
export const sample = embeddings(labels.length, dimension);

/** What a hub needs of a node's learning to share it. */
export function sharing(open: () => Promise<Learner>, settings: Partial<LearnSettings> = {}): HubLearning {
  const learning = new EventEmitter<NodeLearningEvents>();
  let opening: Promise<Learner> | undefined;
  const openOnce = async () => {
    const learner = await open();
    learner.on('parts', (parts) => learning.emit('parts', parts));
    return learner;
  };
  return Object.assign(learning, {
    settings: { ...resolveSettings({}).learn, share: true, ...settings },
    open: () =>
      (opening ??= openOnce().catch((error: unknown) => {
        opening = undefined;
        throw error;
      })),
  }) as unknown as HubLearning;
}

export interface BoardOptions {
  readonly folder: string;
  readonly settings?: Partial<LearnSettings>;
  readonly learner?: Partial<LearnerOptions>;
  readonly hub?: Partial<HubOptions>;
}

/** A board that can be taught, and shares what it learns: a real learner and a real hub, without cameras. */
export class Board {
  readonly name: string;
  readonly hub: Hub;
  readonly logger = recorder();
  readonly #options: BoardOptions;
  readonly learning: HubLearning;
  #learner: Learner | undefined;

  constructor(name: string, url: string, options: BoardOptions) {
    this.name = name;
    this.#options = options;
    this.learning = sharing(() => this.open(), options.settings);
    const node = Object.assign(new FakeNode(name, []), { learning: this.learning });
    const { folder: data, hub } = options;
    this.hub = new Hub({ node, settings: mqttSettings(url), data, logger: this.logger, ...hub });
  }

  get learner(): Learner {
    return this.#learner!;
  }

  async start(): Promise<this> {
    await this.open();
    await this.hub.start();
    return this;
  }

  async open(): Promise<Learner> {
    if (this.#learner) return this.#learner;
    const { folder, learner: more } = this.#options;
    const learner = await Learner.open(join(folder, 'learn'), { space, dimension, node: this.name, ...more });
    this.#learner = learner;
    return learner;
  }

  async stop(): Promise<void> {
    await this.hub.stop();
    await this.#learner?.close();
    this.#learner = undefined;
  }

  /** Its card is flashed anew: nothing of it is left. Stop it first. */
  async flash(): Promise<void> {
    await rm(this.#options.folder, { recursive: true, force: true });
  }

  /** One example, like all others of its label. */
  async teach(
    label: string,
    more: { negative?: boolean; head?: string; thumbnail?: Uint8Array } = {},
  ): Promise<Example> {
    const { thumbnail, ...fields } = more;
    const lesson: Lesson = {
      draft: draft(label, sample(Math.max(0, labels.indexOf(label)), 0.3), fields),
      ...(thumbnail && { thumbnail }),
    };
    const { examples } = await this.learner.teach([lesson]);
    return examples[0]!;
  }

  forget(target: CutTarget): Promise<number> {
    return this.learner.forget(target, 'a test');
  }

  /** Of the examples that count, by label. */
  get counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { label } of this.learner.ledger.examples()) counts[label] = (counts[label] ?? 0) + 1;
    return counts;
  }

  /** Of the head in use, in hexadecimal digits. */
  headHash(head = 'object'): string | undefined {
    return this.learner.summary(head).hash;
  }

  get problems(): string[] {
    return this.logger.lines.filter((line) => /^(error|warn)/.test(line));
  }
}
