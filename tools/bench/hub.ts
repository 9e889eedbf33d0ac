// `npm run bench:hub`: events through a real Mosquitto, from the hub with its outbox on disk and from MQTT.js alone with
// the store it comes with, in turns: medians, with the smallest and the largest of the rounds.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type MqttClient } from 'mqtt';
import { asset } from '../../sdk/base/assets.ts';
import type { EventMessage } from '../../sdk/vision/event.ts';
import { runJson, type Spread, spread } from '../shared/run.ts';
import { Mosquitto } from './hub/broker.ts';
import { topic } from './hub/event.ts';
import type { Cost } from './hub/subject.ts';
import { Progress } from './progress.ts';

const sides = ['ocellus', 'mqttjs'] as const;
type Side = (typeof sides)[number];

const rounds = Number(process.argv[2] ?? 5);
const perSecond = 200;
const load = 20 * perSecond;

/** Two comparisons, the kills, and two times with little to tell. */
const progress = new Progress(6 * rounds + 2);

interface Round extends Cost {
  lost: number;
  again: number;
}

const script = asset('dist', 'tools', 'bench', 'hub', 'subject.js');

/** A broker, who listens to it, and a folder for the publisher, for one round. */
class Stage {
  readonly broker: Mosquitto;
  readonly data = mkdtempSync(join(tmpdir(), 'ocellus-bench-data-'));
  readonly #subscriber: MqttClient;
  readonly #seen = new Set<number>();
  #heard = 0;

  private constructor(broker: Mosquitto) {
    this.broker = broker;
    // It is back before the publishers are, whose tries are further apart.
    this.#subscriber = connect(broker.url, { clientId: 'archive', clean: false, reconnectPeriod: 20 });
    this.#subscriber.on('error', () => {});
    this.#subscriber.on('connect', () => this.#subscriber.subscribe(topic, { qos: 1 }));
    this.#subscriber.on('message', (_, payload) => {
      this.#heard++;
      this.#seen.add((JSON.parse(String(payload)) as EventMessage).sequence);
    });
  }

  static async open(): Promise<Stage> {
    const stage = new Stage(await Mosquitto.start());
    await new Promise<void>((resolve) => stage.#subscriber.once('connect', () => resolve()));
    await stage.#subscriber.subscribeAsync(topic, { qos: 1 });
    return stage;
  }

  args(side: Side, rate: number, events: number): string[] {
    return [script, side, this.broker.url, String(rate), String(events), this.data];
  }

  /** Waits until this many events have arrived. */
  async heard(count: number): Promise<void> {
    while (this.#heard < count) await sleep(20);
  }

  /** @param events Told in all. */
  async close(events: number): Promise<{ lost: number; again: number }> {
    await sleep(500);
    await this.#subscriber.endAsync(true);
    await this.broker.stop();
    rmSync(this.data, { recursive: true });
    return { lost: events - this.#seen.size, again: this.#heard - this.#seen.size };
  }
}

/** @param during What happens to the broker meanwhile. */
async function round(
  side: Side,
  rate: number,
  events: number,
  during?: (broker: Mosquitto) => Promise<void>,
): Promise<Round> {
  const stage = await Stage.open();
  const [cost] = await Promise.all([
    runJson<Cost>(process.execPath, stage.args(side, rate, events)),
    during?.(stage.broker),
  ]);
  return { ...cost, ...(await stage.close(events)) };
}

/** The broker goes in the middle of the events; the publisher is killed after them, and starts again when it is back. */
async function killedMeanwhile(side: Side): Promise<number> {
  const events = 5 * perSecond;
  const stage = await Stage.open();
  const child = spawn(process.execPath, stage.args(side, perSecond, events), { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'close');
  await stage.heard(events / 2);
  await stage.broker.kill();
  // It has told all.
  await once(child.stdout, 'data');
  await sleep(1000);
  child.kill('SIGKILL');
  await ended;
  await stage.broker.start();
  await runJson<Cost>(process.execPath, stage.args(side, perSecond, 0));
  return (await stage.close(events)).lost;
}

/** Twice, for two seconds each. */
async function killTwice(broker: Mosquitto): Promise<void> {
  for (let i = 0; i < 2; i++) {
    await sleep(4000);
    await broker.kill();
    await sleep(2000);
    await broker.start();
  }
}

const show = ({ median, low, high }: Spread, digits = 1) =>
  `${median.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;

function report(title: string, results: Record<Side, Round[]>, events: number): void {
  console.log(`\n${title}`);
  const rows: [string, (one: Round) => number][] = [
    ['CPU, ms an event', (one) => one.cpuMs / events],
    ['memory, MB at most', (one) => one.residentMb],
    ['memory, MB more than before the events', (one) => one.residentMb - one.residentAtStartMb],
    ['written, kB for 1,000 events', (one) => one.writtenBytes / events],
    ['events lost', (one) => one.lost],
    ['events that came twice', (one) => one.again],
  ];
  for (const [name, value] of rows) {
    const [ours, theirs] = sides.map((side) => results[side].map(value));
    const isCount = name.startsWith('events');
    const ratios =
      isCount || theirs!.includes(0) ? '' : `, ratio ${show(spread(ours!.map((one, i) => one / theirs![i]!)), 2)}`;
    const digits = isCount ? 0 : 2;
    console.log(`  ${name}: hub ${show(spread(ours!), digits)}, MQTT.js ${show(spread(theirs!), digits)}${ratios}`);
  }
}

async function compare(title: string, events: number, during?: (broker: Mosquitto) => Promise<void>): Promise<void> {
  const results: Record<Side, Round[]> = { ocellus: [], mqttjs: [] };
  for (let i = 0; i < rounds; i++) {
    for (const side of i % 2 ? [...sides].reverse() : sides) {
      progress.next(`${title}: round ${i + 1} of ${rounds}, ${side}`);
      results[side].push(await round(side, perSecond, events, during));
    }
  }
  report(title, results, events);
}

console.log(`${rounds} rounds each`);
await compare(`${perSecond} events a second for 20 s`, load);
await compare(`the same, with Mosquitto killed twice for two seconds`, load, killTwice);

console.log(
  `\nMosquitto killed in the middle of ${5 * perSecond} events, then the publisher, then both are back: events lost`,
);
const lost: Record<Side, number[]> = { ocellus: [], mqttjs: [] };
for (let i = 0; i < rounds; i++) {
  for (const side of sides) {
    progress.next(`broker and publisher killed: round ${i + 1} of ${rounds}, ${side}`);
    lost[side].push(await killedMeanwhile(side));
  }
}
console.log(`  hub ${show(spread(lost.ocellus), 0)}, MQTT.js ${show(spread(lost.mqttjs), 0)}`);

// One write an event, as a node with little to tell has it.
const few = 300;
progress.next('10 events a second, the broker is there');
const slow = await round('ocellus', 10, few);
progress.next('10 events a second, the broker is away');
const away = await round('ocellus', 10, few, async (broker) => {
  await sleep(2000);
  await broker.kill();
  await sleep(31_000);
  await broker.start();
});
console.log(`\n10 events a second of ${slow.payloadBytes} bytes: kB written for 1,000 of them`);
console.log(`  broker there ${(slow.writtenBytes / few).toFixed(0)}, away ${(away.writtenBytes / few).toFixed(0)}`);
