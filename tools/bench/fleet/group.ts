// Some of the nodes of `npm run bench:fleet`, in a process of their own, which does what its parent sends. Arguments: broker,
// data folder, number of its first node, how many there are, bytes of a picture.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messagesOfVisit, SimulatedNode } from './node.ts';

/** What the parent may ask for. */
export interface GroupVerbs {
  /** Starts all nodes at once, as after a power cut. */
  start(): Promise<void>;
  /** Waits until all nodes are connected and the broker has all that they told. */
  settle(): Promise<void>;
  /** Each node sees visits at a steady rate, and ends the last one. @returns Messages told on `events`. */
  visit(perMinute: number, seconds: number): Promise<number>;
  teach(node: string, label: string): Promise<void>;
  /** Waits until all nodes name it. @returns When each of them did first, ms since 1970. */
  known(label: string): Promise<number[]>;
  /** When connections were made since the last time it was asked, ms since 1970. */
  connections(): Promise<number[]>;
  report(): Promise<GroupReport>;
  stop(): Promise<void>;
}

export interface GroupReport {
  readonly cpuSeconds: number;
  readonly residentMb: number;
  /** Messages that the broker has acknowledged, at QoS 1. */
  readonly published: number;
  readonly refused: number;
  readonly evicted: number;
  readonly rejectedLearning: number;
  /** By what they say, without the name of a node: problems that were logged. */
  readonly problems: Readonly<Record<string, number>>;
}

const [broker, data, first, count, pictureBytes] = process.argv.slice(2) as [string, string, string, string, string];
const problems: Record<string, number> = {};
let connectedAt: number[] = [];
/** Longer than the longest wait for the next connection. */
const patienceMs = 180_000;
const now = () => performance.timeOrigin + performance.now();

const nodes = Array.from({ length: Number(count) }, (_, i) => {
  const name = `n${Number(first) + i}`;
  const complain = (text: string) => {
    // That the broker is away is what is measured.
    if (text.includes('no connection to')) return;
    const kind = text.replaceAll(/\bn\d+\b/g, '<node>').slice(0, 200);
    problems[kind] = (problems[kind] ?? 0) + 1;
  };
  return new SimulatedNode(name, {
    ...{ broker, data: join(data, name), pictureBytes: Number(pictureBytes) },
    logger: {
      debug: () => {},
      info: (text) => {
        if (/^MQTT: connected/.test(text)) connectedAt.push(now());
      },
      warn: complain,
      error: complain,
    },
  });
});

const all = async (holds: (node: SimulatedNode) => boolean) => {
  const deadline = performance.now() + patienceMs;
  while (!nodes.every(holds)) {
    if (performance.now() > deadline) {
      throw new Error(
        `${nodes.filter((node) => !holds(node)).length} of ${nodes.length} nodes are not ready after ${patienceMs / 1000} s: this machine or the broker is too busy for so many`,
      );
    }
    await sleep(20);
  }
};

/** All of one visit, over so many ms. */
async function visit(node: SimulatedNode, overMs: number): Promise<void> {
  node.appear();
  for (let i = 2; i < messagesOfVisit; i++) {
    await sleep(overMs / messagesOfVisit);
    node.update();
  }
  await sleep(overMs / messagesOfVisit);
  node.leave();
}

const verbs: GroupVerbs = {
  async start() {
    await Promise.all(nodes.map((node, i) => node.start(i / nodes.length)));
  },
  settle: () => all((node) => node.isSettled),
  async visit(perMinute, seconds) {
    const eachMs = 60_000 / perMinute;
    const visits = Math.max(1, Math.round((seconds * 1000) / eachMs));
    await Promise.all(
      nodes.map(async (node, i) => {
        const begun = performance.now() + (eachMs * i) / nodes.length;
        for (let n = 0; n < visits; n++) {
          await sleep(Math.max(0, begun + n * eachMs - performance.now()));
          await visit(node, Math.min(4000, eachMs / 2));
        }
      }),
    );
    return nodes.length * visits * messagesOfVisit;
  },
  async teach(name, label) {
    await nodes.find((node) => node.name === name)!.learning.teach(label);
  },
  async known(label) {
    await all((node) => node.learning.knownSince.has(label));
    return nodes.map((node) => node.learning.knownSince.get(label)!);
  },
  async connections() {
    const times = connectedAt;
    connectedAt = [];
    return times;
  },
  async report() {
    const { user, system } = process.cpuUsage();
    const stats = nodes.map(({ hub }) => hub.stats);
    const sum = (of: (one: (typeof stats)[number]) => number) => stats.reduce((total, one) => total + of(one), 0);
    return {
      cpuSeconds: (user + system) / 1e6,
      residentMb: process.memoryUsage.rss() / 1e6,
      published: sum((one) => one.published),
      refused: sum((one) => one.refused),
      evicted: sum(({ outbox: { evicted } }) => evicted.event + evicted.learning + evicted.state),
      rejectedLearning: sum((one) => one.rejectedLearning),
      problems,
    };
  },
  async stop() {
    await Promise.all(nodes.map((node) => node.stop()));
  },
};

process.on('message', ({ id, verb, args }: { id: number; verb: keyof GroupVerbs; args: never[] }) => {
  const run = verbs[verb] as (...args: never[]) => Promise<unknown>;
  run(...args).then(
    (result) => process.send!({ id, result }),
    (error: unknown) => process.send!({ id, error: String((error as Error).stack) }),
  );
});
process.on('disconnect', () => process.exit(0));
