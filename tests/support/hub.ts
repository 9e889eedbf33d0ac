import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { closedHealth } from '../../devices/device/device.ts';
import { asset } from '../../sdk/base/assets.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { WrittenBytes } from '../../sdk/base/written.ts';
import { type CameraChange, CameraSettings, defaultModel } from '../../sdk/config/schema.ts';
import { resolveSettings } from '../../sdk/config/settings.ts';
import { validate } from '../../sdk/config/validate.ts';
import type { ModelCard } from '../../sdk/core/cards/card.ts';

import type { Link } from '../../sdk/hub/connection/link.ts';
import { NodeTopics } from '../../sdk/hub/contract/topics.ts';
import type { HubContext } from '../../sdk/hub/extensions/extension.ts';
import type { HubCamera, HubLearning, HubNode } from '../../sdk/hub/extensions/hub-node.ts';
import type { Message } from '../../sdk/hub/outbox/message.ts';
import { type RetainedSource, RetainedTopics } from '../../sdk/hub/retained/retained-topics.ts';
import type { CountChange, PipelineEvents } from '../../sdk/pipeline/events.ts';
import type { NodeStats } from '../../sdk/pipeline/node.ts';
import type { NodeUpdates, UpdateState } from '../../sdk/update/node-updates.ts';
import type { EventMessage } from '../../sdk/vision/event.ts';
import type { Track } from '../../sdk/vision/track.ts';
import { objectState, whyReport } from '../vision/fakes.ts';
import { recorder } from './recorder.ts';

const health = { ...closedHealth, state: 'online' } as const;

/** A camera whose state a test sets. */
export class FakeCamera extends EventEmitter<PipelineEvents> implements HubCamera {
  readonly name: string;
  settings: CameraSettings;
  status: 'online' | 'offline' | 'disabled' = 'online';
  moving = false;
  counts: CountChange[] = [];
  tracks: Track[] = [];
  /** How long a change takes, ms. */
  changeMs = 0;
  readonly changes: CameraChange[] = [];
  why = whyReport();

  constructor(name: string, labels: string[] = ['person', 'cat']) {
    super();
    this.name = name;
    this.settings = validate(CameraSettings, {}, 'fake camera');
    this.counts = labels.map((label) => ({ label, count: 0 }));
  }

  /** What a snapshot is made of; undefined before the first frame. */
  jpeg: Buffer | undefined = Buffer.from('jpeg');
  restarts = 0;

  async snapshot(): Promise<Buffer> {
    if (!this.jpeg) throw new InputError(`camera ${this.name} has given no picture yet`);
    return this.jpeg;
  }

  async restart(): Promise<void> {
    this.restarts++;
  }

  async change(change: CameraChange): Promise<void> {
    if (this.changeMs > 0) await new Promise((resolve) => setTimeout(resolve, this.changeMs));
    const merged = Object.fromEntries(
      Object.entries(change).map(([key, value]) => {
        const before = this.settings[key as keyof CameraSettings];
        return [key, typeof value === 'object' ? { ...(before as object), ...value } : value];
      }),
    );
    this.settings = validate(CameraSettings, { ...this.settings, ...merged }, 'fake camera');
    this.changes.push(change);
    this.emit('settings', change);
  }

  setStatus(status: 'online' | 'offline' | 'disabled'): void {
    this.status = status;
    this.emit('status', status, health);
  }

  setCount(label: string, count: number, zone?: string): void {
    const at = this.counts.findIndex((one) => one.label === label && one.zone === zone);
    if (at < 0) this.counts.push({ label, zone, count });
    else this.counts[at] = { label, zone, count };
    this.emit('count', { label, zone, count });
  }
}

const card = JSON.parse(readFileSync(asset('sdk', 'models', `${defaultModel}.card.json`), 'utf8')) as ModelCard;

export class FakeNode extends EventEmitter<{ stats: [NodeStats] }> implements HubNode {
  readonly name: string;
  card: ModelCard | undefined = card;
  senses: HubNode['senses'] = { temperature: true, throttling: false, power: false };
  readonly pipelines: Map<string, FakeCamera>;
  learning: HubLearning | undefined;
  history: HubNode['history'];

  constructor(name: string, cameras: FakeCamera[]) {
    super();
    this.name = name;
    this.pipelines = new Map(cameras.map((camera) => [camera.name, camera]));
  }

  stats(): NodeStats {
    return nodeStats;
  }
}

/** Updates whose state a test sets. */
export class FakeUpdates extends EventEmitter<{ changed: [] }> implements NodeUpdates {
  readonly asked: { release?: string | undefined; install: boolean }[] = [];
  state: UpdateState | undefined = {
    installedVersion: '1.0.0',
    latestVersion: '1.1.0',
    title: 'Ocellus',
    releaseUrl: null,
    inProgress: false,
    updatePercentage: null,
    problem: null,
  };

  async request(what: { release?: string | undefined; install: boolean }): Promise<void> {
    this.asked.push(what);
  }

  set(change: Partial<UpdateState>): void {
    this.state = { ...this.state!, ...change };
    this.emit('changed');
  }
}

export const nodeStats: NodeStats = {
  uptimeSeconds: 1,
  cpuPercent: 10,
  memory: { residentMb: 100, heapMb: 20 },
  temperature: null,
  throttling: null,
  power: null,
  eventLoopDelayMs: { mean: 0, p99: 0 },
  written: new WrittenBytes().stats,
  disk: { bytes: 5e6, lastDay: 4e6, yearsLeft: 11.2 },
  model: 'nanodet',
  cameras: {},
};

export const mqttSettings = (broker: string) => ({
  ...resolveSettings({}).mqtt,
  broker,
  // Tests of its own have it.
  home_assistant: { enabled: false, prefix: 'homeassistant' },
});

export function eventMessage(number: number, type: EventMessage['type'] = 'new', sequence = 1): EventMessage {
  const state = objectState({ id: `${number}-abcdef`, track_id: number });
  return { type, sequence, before: state, after: state };
}

/** What an extension gets from a hub, with all that it says kept. */
export class FakeContext implements HubContext {
  readonly node: FakeNode;
  readonly topics: NodeTopics;
  readonly logger = recorder();
  link: Link | undefined;
  /** Retained topics with what was said on them, in order. */
  readonly told: [topic: string, value: string][] = [];
  readonly sent: Message[] = [];
  readonly sources: RetainedSource[] = [];
  readonly retained = new RetainedTopics({
    sources: this.sources,
    publish: (topic, value) => this.told.push([topic, value]),
    isConnected: () => true,
  });

  constructor(cameras: FakeCamera[] = [new FakeCamera('door')], node = 'porch') {
    this.node = new FakeNode(node, cameras);
    this.topics = new NodeTopics('ocellus', node);
  }

  put(message: Message): void {
    this.sent.push(message);
  }

  waiting(): number {
    return 0;
  }
}
