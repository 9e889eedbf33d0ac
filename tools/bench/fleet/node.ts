import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { closedHealth } from '../../../devices/device/device.ts';
import { asset } from '../../../sdk/base/assets.ts';
import type { Logger } from '../../../sdk/base/log.ts';
import { random } from '../../../sdk/base/random.ts';
import { WrittenBytes } from '../../../sdk/base/written.ts';
import { CameraSettings, defaultModel, type LearnSettings } from '../../../sdk/config/schema.ts';
import { resolveSettings } from '../../../sdk/config/settings.ts';
import { validate } from '../../../sdk/config/validate.ts';
import type { ModelCard } from '../../../sdk/core/cards/card.ts';
import type { Embedding } from '../../../sdk/core/embedding.ts';
import type { HubCamera, HubLearning, HubNode } from '../../../sdk/hub/extensions/hub-node.ts';
import { Hub, type HubStats } from '../../../sdk/hub/hub.ts';
import { Learner, type Lesson } from '../../../sdk/learn/learner.ts';
import { objectHead } from '../../../sdk/learn/ledger/example.ts';
import type { NodeLearningEvents } from '../../../sdk/learn/node-learning.ts';
import { type LearningSummary, reviewOf, summaryOf } from '../../../sdk/learn/taught.ts';
import type { PipelineEvents } from '../../../sdk/pipeline/events.ts';
import type { NodeStats } from '../../../sdk/pipeline/node.ts';
import type { CountChange } from '../../../sdk/vision/counts.ts';
import type { EventMessage, ObjectState } from '../../../sdk/vision/event.ts';
import type { WhyReport } from '../../../sdk/vision/fates.ts';

/** As of the network that ships for learning: what is shared has its size. */
const dimension = 1280;
const space = 'simulated';
/** Looks that a lesson has, as of a track. */
const looks = 3;
const statsIntervalMs = 10_000;
const cameraName = 'door';
/** Messages of a visit on `events`: `new`, two times `update`, `end`. */
export const messagesOfVisit = 4;

const card = JSON.parse(readFileSync(asset('sdk', 'models', `${defaultModel}.card.json`), 'utf8')) as ModelCard;

export interface SimulatedNodeOptions {
  /** URL of the broker. */
  readonly broker: string;
  /** Of its outbox and of what it is taught. */
  readonly data: string;
  /** Of each picture of an object. */
  readonly pictureBytes: number;
  readonly logger: Logger;
}

/**
 * A node with the real hub and the real store of what it is taught, and a camera that sees what it is told to. All that
 * goes to the broker comes from where it comes from on a board, as large as there.
 */
export class SimulatedNode {
  readonly name: string;
  readonly hub: Hub;
  readonly learning: SimulatedLearning;
  readonly #camera: SimulatedCamera;
  readonly #node: EventEmitter<{ stats: [NodeStats] }> & HubNode;
  #stats: NodeJS.Timeout | undefined;

  constructor(name: string, { broker, data, pictureBytes, logger }: SimulatedNodeOptions) {
    this.name = name;
    this.#camera = new SimulatedCamera(name, pictureBytes);
    this.learning = new SimulatedLearning(name, join(data, 'learn'));
    this.#node = Object.assign(new EventEmitter<{ stats: [NodeStats] }>(), {
      ...{ name, card, senses: { temperature: true, throttling: true, power: false } },
      pipelines: new Map([[cameraName, this.#camera]]),
      learning: this.learning as unknown as HubLearning,
      stats: statsNow,
    });
    const { mqtt } = resolveSettings({ mqtt: { broker } });
    this.hub = new Hub({ node: this.#node, settings: mqtt, data, logger });
  }

  /** @param phase From 0 to 1: when within ten seconds it tells its statistics, as nodes that were not switched on at once. */
  async start(phase: number): Promise<void> {
    await this.learning.open();
    await this.hub.start();
    const tell = () => this.#node.emit('stats', statsNow());
    this.#stats = setTimeout(() => {
      tell();
      this.#stats = setInterval(tell, statsIntervalMs);
    }, phase * statsIntervalMs);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#stats);
    await this.hub.stop();
    await this.learning.close();
  }

  /** It is connected, and the broker has all that it has to tell. */
  get isSettled(): boolean {
    const { connected, outbox } = this.hub.stats as HubStats;
    return connected && outbox.depth === 0;
  }

  /** Someone comes. */
  appear(): void {
    this.#camera.appear();
  }

  /** Is seen better, or elsewhere. */
  update(): void {
    this.#camera.update();
  }

  /** And goes: then it is as before. */
  leave(): void {
    this.#camera.leave();
  }
}

class SimulatedCamera extends EventEmitter<PipelineEvents> implements HubCamera {
  readonly name = cameraName;
  readonly settings = validate(CameraSettings, {}, 'simulated camera');
  readonly status = 'online';
  readonly tracks = [];
  readonly #node: string;
  readonly #picture: Buffer;
  #visits = 0;
  #sequence = 0;
  #last: ObjectState | undefined;
  moving = false;
  counts: CountChange[] = this.settings.detect.labels.map((label) => ({ label, count: 0 }));

  constructor(node: string, pictureBytes: number) {
    super();
    this.#node = node;
    // As incompressible as a JPEG, and each node's own.
    const next = random(hashOf(node));
    this.#picture = Buffer.from(Uint8Array.from({ length: pictureBytes }, () => 256 * next()));
  }

  appear(): void {
    this.#visits++;
    this.#sequence = 0;
    this.#setMotion(true);
    this.emit('snapshot', { id: this.#id, label: 'person', jpeg: this.#picture });
    this.#tell('new', {});
    this.#setCount(1);
  }

  update(): void {
    this.#tell('update', { box: [40, 196.8, 279.3, 534.2], motionless_count: this.#sequence });
  }

  leave(): void {
    this.#tell('end', { end_time: 1_795_598_219.142987, active: false });
    this.#setCount(0);
    this.#setMotion(false);
  }

  get #id(): string {
    return `${this.#visits}.142987-${this.#node}`;
  }

  #tell(type: EventMessage['type'], change: Partial<ObjectState>): void {
    const after: ObjectState = { ...(this.#last ?? person), ...change, id: this.#id };
    this.emit('event', { type, sequence: ++this.#sequence, before: this.#last ?? after, after });
    this.#last = type === 'end' ? undefined : after;
  }

  #setMotion(moving: boolean): void {
    this.moving = moving;
    this.emit('motion', moving);
  }

  #setCount(count: number): void {
    this.counts = this.counts.map((one) => (one.label === 'person' ? { ...one, count } : one));
    this.emit('count', { label: 'person', count });
  }

  async change(): Promise<void> {}

  async snapshot(): Promise<Buffer> {
    return this.#picture;
  }

  async restart(): Promise<void> {}

  get why(): WhyReport {
    return { seconds: 60, frames: { in: 600, inferred: 100, still: 500, busy: 0, off: 0 }, objects: [] };
  }
}

/** What a hub asks of a node's learning while nobody sends requests. */
export class SimulatedLearning extends EventEmitter<NodeLearningEvents> {
  readonly settings: LearnSettings = { ...resolveSettings({}).learn, share: true };
  readonly asides = [];
  readonly #node: string;
  readonly #folder: string;
  #learner: Learner | undefined;
  /** When the head in use named a label first, ms since 1970. */
  readonly knownSince = new Map<string, number>();

  constructor(node: string, folder: string) {
    super();
    this.#node = node;
    this.#folder = folder;
  }

  get isReady(): boolean {
    return this.#learner !== undefined;
  }

  get summary(): LearningSummary {
    const newest = this.#learner?.ledger.examples().at(-1)?.timeMs ?? null;
    return summaryOf(this.#learner, { model: 'simulated', taughtMs: newest, error: null });
  }

  async open(): Promise<Learner> {
    if (this.#learner) return this.#learner;
    const learner = await Learner.open(this.#folder, { space, dimension, node: this.#node });
    this.#learner = learner;
    learner.on('parts', (parts) => {
      this.emit('parts', parts);
      this.emit('changed');
    });
    learner.on('head', () => {
      const now = performance.timeOrigin + performance.now();
      const labels = learner.summary(objectHead).info?.labels ?? [];
      for (const label of labels) if (!this.knownSince.has(label)) this.knownSince.set(label, now);
      this.emit('changed');
    });
    return learner;
  }

  async close(): Promise<void> {
    await this.#learner?.close();
    this.#learner = undefined;
  }

  /** Teaches three looks at a thing, each a little different. */
  async teach(label: string): Promise<void> {
    const learner = await this.open();
    const next = random(hashOf(`${this.#node}/${label}/${learner.ledger.size}`));
    const lesson = (): Lesson => ({
      draft: { label, camera: cameraName, kind: 'track', embedding: lookAt(label, next) },
    });
    const [first, ...more] = Array.from({ length: looks }, lesson);
    await learner.teach([first!, ...more]);
  }

  review(head: string) {
    return reviewOf(this.#learner, head);
  }

  /** No state of a whole view is taught. */
  camera() {
    return { heads: [], states: [] };
  }
}

/** As a network gives it: nothing below 0, few large values; those of one label are alike. */
function lookAt(label: string, next: () => number): Embedding {
  const centre = random(hashOf(label));
  const values = Int8Array.from({ length: dimension }, () => Math.min(127, 100 * centre() ** 4 + 27 * next()));
  return { values, scale: 1 / 32 };
}

function hashOf(text: string): number {
  let hash = 0;
  for (const character of text) hash = Math.imul(31, hash) + character.codePointAt(0)!;
  return hash;
}

const person: ObjectState = {
  ...{ id: '', camera: cameraName, track_id: 1, label: 'person', sub_label: null, sub_label_score: null },
  ...{ score: 0.6891, top_score: 0.6891, box: [1, 196.8, 239.3, 534.2], area: 80_397, ratio: 0.71 },
  ...{ frame_time: 1_795_598_209.342987, start_time: 1_795_598_209.142987, end_time: null },
  ...{ current_zones: ['steps'], entered_zones: ['steps'], stationary: false, active: true, motionless_count: 2 },
  ...{ position_changes: 0, has_snapshot: true, has_clip: false, crossed_lines: {} },
};

const written = new WrittenBytes();
const health = { ...closedHealth, state: 'online' } as const;
const times = { motion: 1.2, queue: 0.3, preprocess: 1.1, infer: 41.7, decode: 1.4, track: 0.2, total: 46.1 };

/** As large as those of a board with a camera. */
const statsNow = (): NodeStats => ({
  ...{ uptimeSeconds: 86_400, cpuPercent: 61.3, memory: { residentMb: 182.4, heapMb: 31.7 }, temperature: 58.4 },
  ...{ throttling: null, power: null, eventLoopDelayMs: { mean: 0.4, p99: 2.1 }, written: written.stats },
  disk: { bytes: 5e6, lastDay: 4e6, yearsLeft: 11.2 },
  model: defaultModel,
  cameras: {
    [cameraName]: {
      frames: { in: 864_000, dropped: 12, gated: 610_204, late: 0, inferred: 253_784 },
      ...{ fps: { in: 10, inferred: 2.9 }, times, timeTotals: times, objects: 0, unfinishedMs: 0, device: health },
      gaze: { regions: 1.3, timeShare: 0.2, waiting: 0, whole: 253_784, closer: 71_008, waited: 31 },
    },
  },
});
