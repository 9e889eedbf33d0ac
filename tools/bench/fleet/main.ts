// `npm run bench:fleet`: a thousand nodes with the real hub, in a few processes, on one broker that this starts. What the
// broker uses for each of them; how soon a lesson is known to all; how soon all is as it was when the broker comes back,
// and that no event is lost meanwhile. docs/fleet.md has the figures, and says where RabbitMQ and NATS come from.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { MqttClient } from 'mqtt';
import { InputError } from '../../../sdk/base/errors.ts';
import { printError, table } from '../../shared/output.ts';
import { inWords, spread } from '../../shared/run.ts';
import { Progress } from '../progress.ts';
import { abilities, abilitiesOf } from './abilities.ts';
import { Broker, type BrokerName, brokerNames } from './brokers.ts';
import { archive, Heard, retainedAt, Watcher, worker } from './consumers.ts';
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
const nodes = Number(values.nodes);
const rounds = Number(values.rounds);
/** Of each node, a minute. */
const visits = Number(values.visits);
const downMs = Number(values.down) * 1000;
const measuredSeconds = 60;
const workers = 3;
/** How long an absence is: then nobody has given up on the other. */
const patienceMs = 180_000;

const data = mkdtempSync(join(values.data, 'ocellus-fleet-'));
const closers: (() => Promise<unknown>)[] = [];
try {
  const wrong = names.find((name) => !brokerNames.includes(name));
  if (wrong !== undefined) throw new InputError(`--broker: expected some of ${brokerNames.join(', ')}, got ${wrong}`);
  const progress = new Progress(names.length * (5 + 3 * rounds));
  for (const name of names) {
    await bench(name, progress);
    for (const close of closers.splice(0).reverse()) await close();
  }
} catch (error) {
  printError(error);
  process.exitCode = 1;
} finally {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(data, { recursive: true, force: true });
}

async function bench(name: BrokerName, progress: Progress): Promise<void> {
  const folder = join(data, name);
  progress.next(`${name}: what it can`);
  const broker = await Broker.start(name, { nats: values.nats, rabbitmq: values.rabbitmq });
  closers.push(() => broker.stop());
  const can = await abilitiesOf(broker);
  console.log(
    `\n${broker.title}, ${nodes} nodes in ${values.processes} processes, load ${loadavg()[0]!.toFixed(1)} at the start`,
  );
  console.log(table(Object.entries(abilities).map(([key, title]) => [`  ${title}`, can[key as keyof typeof can]])));
  const version = can.mqtt5 === 'yes' ? 5 : 4;

  progress.next(`${name}: the nodes start`);
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

  progress.next(`${name}: nothing happens`);
  const idle = await measured(broker, fleet, watcher, () => sleep(measuredSeconds * 500));
  const quiet = broker.use;
  progress.next(`${name}: ${visits} visits a minute of each node`);
  let told = 0;
  const busy = await measured(broker, fleet, watcher, async () => {
    told += sum(await fleet.all('visit', visits, measuredSeconds));
  });
  await fleet.all('settle');
  await until(() => heard.different === told);

  console.log(
    table([
      [
        '  start of all at once',
        `${(startMs / 1000).toFixed(1)} s; ${mostWithin(connections, 100)} connections in the fullest 0.1 s`,
      ],
      [
        '  memory of the broker',
        `${before.residentMb.toFixed(1)} MB alone, ${quiet.residentMb.toFixed(1)} MB with all; ${kilobytes(quiet.residentMb - before.residentMb)} kB a node`,
      ],
      [
        '  the same with a picture of each',
        `${broker.use.residentMb.toFixed(1)} MB; ${kilobytes(broker.use.residentMb - before.residentMb)} kB a node`,
      ],
      ['  while nothing happens', inUse(idle)],
      [`  at ${visits} visits a minute of each node`, inUse(busy)],
    ]),
  );
  if (version === 5 && can.wildcards === 'yes') console.log(retainedTable(watcher));

  const lessons: number[][] = [];
  const lessonCpu: number[] = [];
  for (let round = 0; round < rounds; round++) {
    progress.next(`${name}: lesson ${round + 1} of ${rounds}`);
    const use = await measured(broker, fleet, watcher, async () => {
      const times = await patiently(fleet.lesson(`thing ${round}`));
      if (times) lessons.push(times);
    });
    lessonCpu.push((1000 * use.fleetCpu) / nodes);
    await sleep(6000);
    await fleet.all('settle');
  }
  const sorted = lessons.map((times) => [...times].sort((a, b) => a - b));
  console.log(
    table([
      [
        '  a lesson is in use on',
        lessons.length < rounds
          ? `all nodes in ${lessons.length} of ${rounds} rounds`
          : `half of the nodes after ${inWords(spread(sorted.map((times) => times[times.length >> 1]! / 1000)))} s, all after ${inWords(spread(sorted.map((times) => times.at(-1)! / 1000)))} s`,
      ],
      ['  what that costs a node', `${inWords(spread(lessonCpu), 1)} ms of CPU`],
    ]),
  );

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const outcomes: Outcome[] = [];
    for (let round = 0; round < rounds; round++) {
      progress.next(`${name}: ${signal}, round ${round + 1} of ${rounds}`);
      outcomes.push(await restart(signal));
    }
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
            : `but for ${of((one) => one.wrong, 0)} topics`,
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

  async function restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<Outcome> {
    await fleet.all('connections');
    const filters = can.wildcards === 'yes' ? undefined : topicsOf(folder);
    const retainedBefore =
      can.wildcards === 'yes' && version === 5 ? watcher.retained : await retainedAt(broker.url, version, filters);
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
      if (can.wildcards !== 'yes' || version !== 5) return undefined;
      const isRight = await until(() => watcher.differing(retainedBefore).length === 0, 200);
      return isRight ? since() : undefined;
    };
    const count = sum(await telling);
    await fleet.all('settle');
    const settledMs = since();
    const rightMs = await right();
    told += count;
    await until(() => heard.different - heardBefore.different === count, 20, 15_000);
    const wrong = rightMs !== undefined ? 0 : differing(retainedBefore, await retainedAt(broker.url, version, filters));
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

interface Outcome {
  readonly halfMs: number;
  readonly onlineMs: number;
  readonly settledMs: number;
  readonly rightMs: number | undefined;
  readonly wrong: number;
  readonly told: number;
  readonly fullest: number;
  readonly fullestSecond: number;
  readonly lost: number;
  readonly twice: number;
  readonly sharedLost: number;
  readonly sharedTwice: number;
  readonly brokerCpu: number;
}

interface Use {
  readonly seconds: number;
  readonly brokerCpu: number;
  readonly fleetCpu: number;
  /** That the nodes published, by what came to who listens to all. */
  readonly messages: number;
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

function inUse({ seconds, brokerCpu, fleetCpu, messages }: Use): string {
  const rate = messages / seconds;
  return (
    `${rate.toFixed(0)} messages a second, ${((60 * rate) / nodes).toFixed(1)} a minute of each; ` +
    `the broker ${((100 * brokerCpu) / seconds).toFixed(1)} % of a core, ${((1e6 * brokerCpu) / messages).toFixed(0)} us a message, ` +
    `${((1e6 * brokerCpu) / seconds / nodes).toFixed(0)} us a second for each node; a node ${((1000 * fleetCpu) / seconds / nodes).toFixed(2)} ms a second`
  );
}

function retainedTable(watcher: Watcher): string {
  const kinds: [string, RegExp][] = [
    ['all', /./],
    ['pictures', /\/snapshot$/],
    ['Home Assistant', /^homeassistant\//],
    ['shared lessons', /^ocellus\/learn\//],
  ];
  return table(
    kinds.map(([title, pattern]) => {
      const { topics, bytes } = watcher.sizeOf(pattern);
      return [
        `  retained: ${title}`,
        `${topics} topics, ${(bytes / 1e6).toFixed(1)} MB; ${(topics / nodes).toFixed(1)} topics and ${(bytes / nodes / 1000).toFixed(2)} kB a node`,
      ];
    }),
  );
}

/** What the nodes know that is retained of them. */
function topicsOf(folder: string): string[] {
  return readdirSync(folder).flatMap((node) => {
    const { topics } = JSON.parse(readFileSync(join(folder, node, 'retained.json'), 'utf8')) as { topics: object };
    return Object.keys(topics);
  });
}

function differing(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): number {
  const wrong = [...before].filter(([topic, hash]) => after.get(topic) !== hash).length;
  return wrong + [...after.keys()].filter((topic) => !before.has(topic)).length;
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

function kilobytes(megabytes: number): string {
  return ((1000 * megabytes) / nodes).toFixed(0);
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
