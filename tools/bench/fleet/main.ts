// `npm run bench:fleet`: a thousand nodes with the real hub, in a few processes, on one broker that this starts. What the
// broker uses for each of them; how soon a lesson is known to all; how soon all is as it was when the broker comes back,
// and that no event is lost meanwhile. With several brokers or numbers of nodes, a table beside each other at the end.
// docs/fleet.md has the figures, and says where RabbitMQ and NATS come from.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { MqttClient } from 'mqtt';
import { InputError } from '../../../sdk/base/errors.ts';
import { printError, table } from '../../shared/output.ts';
import { inWords, spread } from '../../shared/run.ts';
import { Progress } from '../progress.ts';
import { type Abilities, abilities, abilitiesOf } from './abilities.ts';
import { Broker, type BrokerName, brokerNames } from './brokers.ts';
import {
  bytesOf,
  comparison,
  type Figures,
  kilobytesOf,
  type Outcome,
  type Use,
  usOfMessage,
  usOfNode,
} from './comparison.ts';
import { archive, differing, Heard, type Retained, retainedAt, Watcher, worker } from './consumers.ts';
import { Fleet } from './groups.ts';

const { values } = parseArgs({
  options: {
    broker: { type: 'string', default: 'mosquitto' },
    nodes: { type: 'string', default: '1000' },
    processes: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    visits: { type: 'string', default: '1' },
    picture: { type: 'string', default: '24' },
    down: { type: 'string', default: '3' },
    data: { type: 'string', default: tmpdir() },
    nats: { type: 'string', default: 'nats-server' },
    rabbitmq: { type: 'string' },
  },
});
const names = values.broker.split(',') as BrokerName[];
const sizes = values.nodes.split(',').map(Number);
const rounds = Number(values.rounds);
/** Of each node, a minute. */
const visits = Number(values.visits);
const downMs = Number(values.down) * 1000;
const measuredSeconds = 60;
const workers = 3;
/** How long an absence is: then nobody has given up on the other. */
const patienceMs = 180_000;
/** Nodes whose topics are read one by one, where a broker gives nothing to wildcards. */
const mostAsked = 100;

const data = mkdtempSync(join(values.data, 'ocellus-fleet-'));
const closers: (() => Promise<unknown>)[] = [];
const found = new Map<BrokerName, Abilities>();
const figures: Figures[] = [];
try {
  const wrong = names.find((name) => !brokerNames.includes(name));
  if (wrong !== undefined) throw new InputError(`--broker: expected some of ${brokerNames.join(', ')}, got ${wrong}`);
  if (!sizes.every((nodes) => Number.isInteger(nodes) && nodes > 0)) {
    throw new InputError(`--nodes: expected numbers of at least 1, got ${values.nodes}`);
  }
  const progress = new Progress(names.length * (1 + sizes.length * (3 + 3 * rounds)));
  for (const nodes of sizes) {
    for (const name of names) {
      const seen: Figures = { name, nodes, outcomes: new Map() };
      figures.push(seen);
      try {
        await bench(seen, progress);
      } catch (error) {
        if (error instanceof InputError) throw error;
        seen.stopped = (error as Error).message.split('\n')[0]!;
        printError(error);
      }
      for (const close of closers.splice(0).reverse()) await close();
      rmSync(join(data, name), { recursive: true, force: true });
    }
  }
  if (figures.length > 1) console.log(`\n${comparison(figures)}`);
  if (figures.some(({ stopped }) => stopped !== undefined)) process.exitCode = 1;
} catch (error) {
  printError(error);
  process.exitCode = 1;
} finally {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(data, { recursive: true, force: true });
}

async function abilitiesFound(name: BrokerName, broker: Broker, progress: Progress): Promise<Abilities> {
  const known = found.get(name);
  if (known) return known;
  progress.next(`${name}: what it can`);
  const can = await abilitiesOf(broker);
  found.set(name, can);
  console.log(`\n${broker.title}`);
  console.log(table(Object.entries(abilities).map(([key, title]) => [`  ${title}`, can[key as keyof typeof can]])));
  return can;
}

/** @param seen Gets what is found, as soon as it is. */
async function bench(seen: Figures, progress: Progress): Promise<void> {
  const { name, nodes } = seen;
  const folder = join(data, name);
  const broker = await Broker.start(name, { nats: values.nats, rabbitmq: values.rabbitmq });
  closers.push(() => broker.stop());
  seen.title = broker.title;
  const can = await abilitiesFound(name, broker, progress);
  console.log(
    `\n${broker.title}, ${nodes} nodes in ${values.processes} processes, load ${loadavg()[0]!.toFixed(1)} at the start`,
  );
  const version = can.mqtt5 === 'yes' ? 5 : 4;
  // Each topic that RabbitMQ is asked for takes it 2 ms.
  const step = can.wildcards === 'yes' ? 1 : Math.ceil(nodes / mostAsked);
  const asked = Array.from({ length: Math.ceil(nodes / step) }, (_, i) => `n${i * step}`);

  progress.next(`${name}, ${nodes} nodes: they start`);
  // RabbitMQ gives back memory that its start took.
  await sleep(5000);
  const before = broker.use;
  const watcher = await Watcher.to(broker.url, version);
  const heard = new Heard();
  const shared = new Heard();
  const consumers: MqttClient[] = [await archive(broker.url, version, heard)];
  if (can.shared === 'yes') {
    for (let i = 0; i < workers; i++) consumers.push(await worker(broker.url, version, i, shared));
  }
  const pictureBytes = Number(values.picture) * 1000;
  const fleet = new Fleet({
    ...{ nodes, processes: Number(values.processes), broker: broker.url, data: folder, pictureBytes },
  });
  closers.push(
    () => fleet.end(),
    () => watcher.end(),
    async () => {
      for (const consumer of consumers) await consumer.endAsync(true);
    },
  );
  const startedMs = performance.now();
  await fleet.start();
  const startMs = performance.now() - startedMs;
  const connections = (await fleet.all('connections')).flat();
  // Discovery comes when all that an earlier run left was looked for, and statistics were told once.
  await sleep(12_000);
  await fleet.all('settle');

  progress.next(`${name}, ${nodes} nodes: nothing happens`);
  const idle = await measured(broker, fleet, watcher, () => sleep(measuredSeconds * 500));
  const quiet = broker.use;
  progress.next(`${name}, ${nodes} nodes: ${visits} visits a minute of each node`);
  let told = 0;
  const busy = await measured(broker, fleet, watcher, async () => {
    told += sum(await fleet.all('visit', visits, measuredSeconds));
  });
  await fleet.all('settle');
  await until(() => heard.different === told, 20, 30_000);
  const held = await retained();
  seen.load = {
    ...{ idle, busy, told, lost: told - heard.different, twice: heard.messages - heard.different },
    ...{ held, heldNodes: asked.length },
    ...{ aloneMb: before.residentMb, quietMb: quiet.residentMb, picturesMb: broker.use.residentMb },
  };

  console.log(
    table([
      [
        '  start of all at once',
        `${(startMs / 1000).toFixed(1)} s; ${mostWithin(connections, 100)} connections in the fullest 0.1 s`,
      ],
      [
        '  memory of the broker',
        `${before.residentMb.toFixed(1)} MB alone, ${quiet.residentMb.toFixed(1)} MB with all; ${kilobytesOf(quiet.residentMb - before.residentMb, nodes)} kB a node`,
      ],
      [
        '  the same with a picture of each',
        `${seen.load.picturesMb.toFixed(1)} MB; ${kilobytesOf(seen.load.picturesMb - before.residentMb, nodes)} kB a node`,
      ],
      ['  while nothing happens', inUse(idle, nodes)],
      [`  at ${visits} visits a minute of each node`, inUse(busy, nodes)],
      ['  events told, lost, twice at the archive', `${told}, ${seen.load.lost}, ${seen.load.twice}`],
    ]),
  );
  console.log(retainedTable(held, asked.length));

  const lessons: number[][] = [];
  const lessonCpu: number[] = [];
  for (let round = 0; round < rounds; round++) {
    progress.next(`${name}, ${nodes} nodes: lesson ${round + 1} of ${rounds}`);
    const use = await measured(broker, fleet, watcher, async () => {
      const times = await patiently(fleet.lesson(`thing ${round}`));
      if (times) lessons.push(times);
    });
    lessonCpu.push((1000 * use.fleetCpu) / nodes);
    await sleep(6000);
    await fleet.all('settle');
  }
  const sorted = lessons.map((times) => [...times].sort((a, b) => a - b));
  if (lessons.length === rounds) {
    seen.lesson = {
      half: spread(sorted.map((times) => times[times.length >> 1]! / 1000)),
      all: spread(sorted.map((times) => times.at(-1)! / 1000)),
    };
  }
  console.log(
    table([
      [
        '  a lesson is in use on',
        seen.lesson
          ? `half of the nodes after ${inWords(seen.lesson.half)} s, all after ${inWords(seen.lesson.all)} s`
          : `all nodes in ${lessons.length} of ${rounds} rounds`,
      ],
      ['  what that costs a node', `${inWords(spread(lessonCpu), 1)} ms of CPU`],
    ]),
  );

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const outcomes: Outcome[] = [];
    for (let round = 0; round < rounds; round++) {
      progress.next(`${name}, ${nodes} nodes: ${signal}, round ${round + 1} of ${rounds}`);
      outcomes.push(await restart(signal));
    }
    seen.outcomes.set(signal, outcomes);
    const of = (value: (one: Outcome) => number, digits = 1) => inWords(spread(outcomes.map(value)), digits);
    console.log(
      table([
        [`  ${signal}, ${values.down} s away`, `load ${loadavg()[0]!.toFixed(1)}`],
        [
          '    half of the nodes, and all, are connected',
          `after ${of((one) => one.halfMs / 1000)} s, ${of((one) => one.onlineMs / 1000)} s`,
        ],
        [
          '    connections in the fullest 0.1 s, 1 s',
          `${of((one) => one.fullest, 0)}, ${of((one) => one.fullestSecond, 0)}`,
        ],
        ['    the broker has all that waited', `after ${of((one) => one.settledMs / 1000)} s`],
        [
          '    what is retained is as before',
          outcomes.every((one) => one.rightMs !== undefined)
            ? `after ${of((one) => one.rightMs! / 1000)} s`
            : `for all but ${of((one) => one.wrong, 0)} topics`,
        ],
        [
          '    events told, lost, twice at the archive',
          `${of((one) => one.told, 0)}, ${of((one) => one.lost, 0)}, ${of((one) => one.twice, 0)}`,
        ],
        ...(can.shared === 'yes'
          ? [
              [
                '    lost, twice over the group',
                `${of((one) => one.sharedLost, 0)}, ${of((one) => one.sharedTwice, 0)}`,
              ],
            ]
          : []),
        ["    the broker's CPU, a node", `${of((one) => (1000 * one.brokerCpu) / nodes)} ms`],
      ]),
    );
  }
  const reports = await fleet.all('report');
  console.log(
    `  the nodes: ${(sum(reports.map((one) => one.residentMb)) / nodes).toFixed(1)} MB each; ${sum(reports.map((one) => one.refused))} messages refused, ${sum(reports.map((one) => one.evicted))} dropped, ${sum(reports.map((one) => one.rejectedLearning))} lessons rejected`,
  );
  const problems = new Map<string, number>();
  for (const one of reports)
    for (const [text, count] of Object.entries(one.problems)) problems.set(text, (problems.get(text) ?? 0) + count);
  for (const [text, count] of problems) console.log(`  ${count} times: ${text}`);

  function retained(): Promise<Retained> {
    return retainedAt(broker.url, version, can.wildcards === 'yes' ? undefined : topicsOf(folder, asked));
  }

  async function restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<Outcome> {
    await fleet.all('connections');
    const watches = can.wildcards === 'yes' && version === 5;
    const retainedBefore = watches ? watcher.retained : await retained();
    const [heardBefore, sharedBefore] = [{ ...countsOf(heard) }, { ...countsOf(shared) }];
    // One visit of each, spread over the time in which the broker goes; the last ends while it is away.
    const telling = fleet.all('visit', 24, 2.5);
    await sleep(2000);
    await broker.end(signal);
    await sleep(downMs);
    await broker.start();
    const backMs = performance.now();
    const since = () => performance.now() - backMs;
    const back = performance.timeOrigin + backMs;
    const right = async () => {
      if (!watches) return undefined;
      const isRight = await until(() => differing(retainedBefore, watcher.retained) === 0, 200);
      return isRight ? since() : undefined;
    };
    const count = sum(await telling);
    await fleet.all('settle');
    const settledMs = since();
    const rightMs = await right();
    told += count;
    await until(() => heard.different - heardBefore.different === count, 20, 15_000);
    const wrong = rightMs !== undefined ? 0 : differing(retainedBefore, await retained());
    const times = (await fleet.all('connections')).flat().filter((time) => time >= back);
    times.sort((one, other) => one - other);
    const lostAt = (now: Heard, then: { different: number }) => count - (now.different - then.different);
    const twiceAt = (now: Heard, then: { different: number; messages: number }) =>
      now.messages - then.messages - (now.different - then.different);
    // A connection that lasts for ten seconds is said to be good.
    await sleep(11_000);
    return {
      ...{
        halfMs: times[times.length >> 1]! - back,
        onlineMs: times.at(-1)! - back,
        settledMs,
        rightMs,
        wrong,
        told: count,
      },
      ...{ fullest: mostWithin(times, 100), fullestSecond: mostWithin(times, 1000) },
      ...{ lost: lostAt(heard, heardBefore), twice: twiceAt(heard, heardBefore) },
      ...{ sharedLost: lostAt(shared, sharedBefore), sharedTwice: twiceAt(shared, sharedBefore) },
      // Of the process that came back.
      brokerCpu: broker.use.cpuSeconds,
    };
  }
}

async function measured(broker: Broker, fleet: Fleet, watcher: Watcher, work: () => Promise<unknown>): Promise<Use> {
  const fleetCpu = async () => sum((await fleet.all('report')).map((one) => one.cpuSeconds));
  const [begun, cpu, fleetBefore, messages] = [
    performance.now(),
    broker.use.cpuSeconds,
    await fleetCpu(),
    watcher.messages,
  ];
  await work();
  return {
    seconds: (performance.now() - begun) / 1000,
    brokerCpu: broker.use.cpuSeconds - cpu,
    fleetCpu: (await fleetCpu()) - fleetBefore,
    messages: watcher.messages - messages,
  };
}

function inUse(use: Use, nodes: number): string {
  const { seconds, brokerCpu, fleetCpu, messages } = use;
  const rate = messages / seconds;
  return (
    `${rate.toFixed(0)} messages a second, ${((60 * rate) / nodes).toFixed(1)} a minute of each; ` +
    `the broker ${((100 * brokerCpu) / seconds).toFixed(1)} % of a core, ${usOfMessage(use)} us a message, ` +
    `${usOfNode(use, nodes)} us a second for each node; a node ${((1000 * fleetCpu) / seconds / nodes).toFixed(2)} ms a second`
  );
}

function retainedTable(held: Retained, nodes: number): string {
  const kinds: [string, RegExp][] = [
    ['all', /./],
    ['pictures', /\/snapshot$/],
    ['Home Assistant', /^homeassistant\//],
    ['shared lessons', /^ocellus\/learn\//],
  ];
  return table(
    kinds.map(([title, pattern]) => {
      const of = [...held].filter(([topic]) => pattern.test(topic));
      const bytes = bytesOf(new Map(of));
      return [
        `  retained: ${title}`,
        `${of.length} topics, ${(bytes / 1e6).toFixed(1)} MB; ${(of.length / nodes).toFixed(1)} topics and ${(bytes / nodes / 1000).toFixed(2)} kB a node`,
      ];
    }),
  );
}

/** What these nodes know that is retained of them. */
function topicsOf(folder: string, some: readonly string[]): string[] {
  return some.flatMap((node) => {
    const { topics } = JSON.parse(readFileSync(join(folder, node, 'retained.json'), 'utf8')) as { topics: object };
    return Object.keys(topics);
  });
}

/** The most times within so many ms. */
function mostWithin(times: readonly number[], ms: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  let most = 0;
  for (let first = 0, last = 0; last < sorted.length; last++) {
    while (sorted[last]! - sorted[first]! > ms) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

function countsOf({ different, messages }: Heard) {
  return { different, messages };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** @returns False: it did not become true in time. */
async function until(holds: () => boolean, everyMs = 20, mostMs = patienceMs): Promise<boolean> {
  const deadline = performance.now() + mostMs;
  while (!holds()) {
    if (performance.now() > deadline) return false;
    await sleep(everyMs);
  }
  return true;
}

function patiently<T>(what: Promise<T>): Promise<T | undefined> {
  return Promise.race([what, sleep(patienceMs, undefined)]);
}
