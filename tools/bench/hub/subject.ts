// One side of `npm run bench:hub` in a process of its own: tells numbered events at a steady rate, waits until the broker
// has them, and prints what that cost. Arguments: `ocellus` or `mqttjs`, broker, events a second, events, data folder.
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'mqtt';
import { resolveSettings } from '../../../sdk/config/settings.ts';
import { Hub } from '../../../sdk/hub/hub.ts';
import { Node, type NodeStats } from '../../../sdk/pipeline/node.ts';
import { Pipeline } from '../../../sdk/pipeline/pipeline.ts';
import type { EventMessage } from '../../../sdk/vision/event.ts';
import { eventOf, topic } from './event.ts';

export interface Cost {
  cpuMs: number;
  /** MB, at most and before the first event. */
  residentMb: number;
  residentAtStartMb: number;
  /** What the kernel was given for the disk. */
  writtenBytes: number;
  payloadBytes: number;
}

interface Side {
  tell(message: EventMessage): void;
  /** Events that the broker has not acknowledged. */
  waiting(): number;
  end(): Promise<void>;
}

/** A broker that is back has everything by then. */
const patienceMs = 60_000;

/** The whole hub, with its outbox on disk. */
async function ocellus(broker: string, data: string): Promise<Side> {
  const camera = new Pipeline({ name: 'door' });
  const { mqtt } = resolveSettings({ mqtt: { broker } });
  const idle = new Node(resolveSettings({}));
  const node = Object.assign(new EventEmitter<{ stats: [NodeStats] }>(), {
    name: 'bench',
    card: undefined,
    senses: undefined,
    pipelines: new Map([['door', camera]]),
    stats: () => idle.stats(),
  });
  const hub = new Hub({ node, settings: mqtt, data });
  await hub.start();
  // Its states, and what an earlier process left.
  while (hub.stats.published === 0 || hub.stats.outbox.storage !== 'disk' || hub.stats.outbox.depth > 0)
    await sleep(20);
  return {
    tell: (message) => camera.emit('event', message),
    waiting: () => hub.stats.outbox.depth,
    end: () => hub.stop(),
  };
}

/** MQTT.js as it comes: its own store, in memory, and its own reconnect. */
async function mqttjs(broker: string): Promise<Side> {
  const client = connect(broker, { clientId: 'ocellus-bench', protocolVersion: 5 });
  client.on('error', () => {});
  await new Promise<void>((resolve) => client.once('connect', () => resolve()));
  let waiting = 0;
  return {
    tell: (message) => {
      waiting++;
      client.publish(topic, JSON.stringify(message), { qos: 1 }, () => waiting--);
    },
    waiting: () => waiting,
    end: () => client.endAsync(true),
  };
}

const written = () => Number(/^write_bytes: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))![1]);
const resident = () => process.memoryUsage.rss() / 1e6;

async function main([kind, broker, perSecond, total, data]: readonly string[]): Promise<void> {
  const side = kind === 'ocellus' ? await ocellus(broker!, data!) : await mqttjs(broker!);
  const residentAtStartMb = resident();
  const writtenBefore = written();
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  let residentMb = residentAtStartMb;
  for (let told = 0; told < Number(total); ) {
    const due = Math.min(Number(total), Math.floor(((performance.now() - started) / 1000) * Number(perSecond)));
    while (told < due) side.tell(eventOf(++told));
    residentMb = Math.max(residentMb, resident());
    await sleep(5);
  }
  console.log('told');
  const deadline = performance.now() + patienceMs;
  while (side.waiting() > 0 && performance.now() < deadline) await sleep(20);
  const { user, system } = process.cpuUsage(cpuBefore);
  const cost: Cost = {
    cpuMs: (user + system) / 1000,
    residentMb,
    residentAtStartMb,
    writtenBytes: written() - writtenBefore,
    payloadBytes: Buffer.byteLength(JSON.stringify(eventOf(1))),
  };
  await side.end();
  console.log(JSON.stringify(cost));
  process.exit(0);
}

await main(process.argv.slice(2));
