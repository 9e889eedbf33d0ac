import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, { type MqttClient } from 'mqtt';
import { describe, expect, it } from 'vitest';
import type { EventMessage } from '../../../sdk/vision/event.ts';
import { campaign } from '../../support/campaign.ts';
import { hasProgram } from '../../support/needs.ts';
import { until } from '../../support/until.ts';
import { bundled } from '../bundle.ts';
import { Gate } from './gate.ts';
import { Mosquitto } from './mosquitto.ts';

const missing = hasProgram('mosquitto') ? '' : ' (needs mosquitto)';
const events = 'ocellus/porch/door/events';
/** Beside each other, each with a broker, a hub and a subscriber of its own. */
const instances = 4;
const killsOfEach = campaign(25, 4);
const tracks = 3;
const program = bundled('tests/real/hub/events-process.ts', missing !== '');

/** A subscriber whose session outlives its connection: it keeps the events by their id, with their sequences as they came. */
class Archive {
  readonly client: MqttClient;
  readonly byEvent = new Map<string, number[]>();
  count = 0;
  /** Subscribed on the newest connection. */
  isListening = false;

  constructor(url: string) {
    this.client = mqtt.connect(url, { clientId: 'archive', clean: false, reconnectPeriod: 20, connectTimeout: 2000 });
    this.client.on('error', () => {});
    this.client.on('close', () => {
      this.isListening = false;
    });
    this.client.on('connect', () => {
      this.client.subscribe(events, { qos: 1 }, (error) => {
        this.isListening = !error && this.client.connected;
      });
    });
    this.client.on('message', (_, payload) => {
      const { sequence, after } = JSON.parse(String(payload)) as EventMessage;
      const seen = this.byEvent.get(after.id) ?? [];
      this.byEvent.set(after.id, seen);
      seen.push(sequence);
      this.count++;
    });
  }
}

/** One process of the hub. */
class Run {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  accepted = 0;

  constructor(name: string, broker: string, data: string) {
    this.#child = spawn(process.execPath, [program], {
      env: { ...process.env, HUB_BROKER: broker, HUB_DATA: data, HUB_RUN: name },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#ended = once(this.#child, 'close');
    let rest = '';
    this.#child.stdout!.on('data', (chunk) => {
      const lines = `${rest}${chunk}`.split('\n');
      // Half a line is no number: the process was killed while it wrote.
      rest = lines.pop()!;
      if (lines.length > 0) this.accepted = Number(lines.at(-1));
    });
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Ends its events, and waits until the broker has them all. */
  async finish(): Promise<void> {
    this.#child.stdin!.write('\n');
    await this.#ended;
  }
}

/** `kill -9`, of the hub and of the broker in turns by chance. */
async function suffer(instance: number) {
  const data = mkdtempSync(join(tmpdir(), 'ocellus-faults-'));
  const broker = await Mosquitto.start({ persistent: true });
  const gate = await Gate.to(broker.url);
  const archive = new Archive(broker.url);
  await until(() => archive.isListening);
  const runs = new Map<string, Run>();
  const start = () => {
    const name = `${instance}.${runs.size}`;
    const run = new Run(name, gate.url, data);
    runs.set(name, run);
    return run;
  };
  let run = start();
  const kills = Array.from({ length: 2 * killsOfEach }, (_, i) => ({
    kind: i % 2 ? 'hub' : 'broker',
    at: Math.random(),
  }));
  for (const { kind } of kills.sort((a, b) => a.at - b.at)) {
    // Events flow, until it is any moment between two of them.
    const { count } = archive;
    const more = 10 + Math.floor(Math.random() * 20);
    const begun = performance.now();
    await until(() => archive.count > count + more);
    await sleep((Math.random() * (performance.now() - begun)) / more);
    if (kind === 'hub') {
      await run.kill();
      run = start();
    } else {
      // A message that Mosquitto has acknowledged and not delivered is lost with it when it is killed before it saves; so
      // the subscriber is there before the hub is: what is tested is the hub.
      gate.close();
      await broker.kill();
      await broker.start();
      await until(() => archive.isListening);
      gate.open();
    }
  }
  await run.finish();
  await until(() => [...runs].every(([name, { accepted }]) => isComplete(archive, name, accepted)));
  await archive.client.endAsync(true);
  await gate.stop();
  await broker.stop();
  rmSync(data, { recursive: true });
  return { archive, runs };
}

const isComplete = (archive: Archive, name: string, accepted: number) =>
  Array.from({ length: tracks }, (_, track) => new Set(archive.byEvent.get(`${name}-${track}`)).size).every(
    (count, track) => count >= Math.ceil((accepted - track) / tracks),
  );

describe.skipIf(missing)(`kill -9${missing}`, () => {
  it(`${instances * killsOfEach} times of the hub and as often of Mosquitto loses no accepted event, keeps their order, and makes repetitions that are recognised`, async () => {
    const suffered = await Promise.all(Array.from({ length: instances }, (_, i) => suffer(i)));
    let accepted = 0;
    let received = 0;
    let distinct = 0;
    for (const { archive, runs } of suffered) {
      expect(runs.size).toBe(killsOfEach + 1);
      received += archive.count;
      for (const [name, run] of runs) {
        accepted += run.accepted;
        for (let track = 0; track < tracks; track++) {
          const firsts = [...new Set(archive.byEvent.get(`${name}-${track}`))];
          distinct += firsts.length;
          // In order and without a gap: what is not there was not accepted, and nothing after it was.
          expect(firsts, `${name}-${track}`).toEqual(Array.from({ length: firsts.length }, (_, i) => i + 1));
          expect(firsts.length).toBeGreaterThanOrEqual(Math.ceil((run.accepted - track) / tracks));
        }
      }
    }
    console.log(
      `${accepted} events accepted, ${distinct} received, ${received - distinct} repetitions (${((received / distinct - 1) * 100).toFixed(1)} %)`,
    );
    expect(accepted).toBeGreaterThan(instances * killsOfEach * 10);
  }, 1_800_000);
});
