import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import type { EventMessage } from '../../../sdk/vision/event.ts';

export const eventsFilter = 'ocellus/+/+/events';
/** What the product retains. */
const retainedFilters = ['ocellus/#', 'homeassistant/#'];
/** By nature another one at each look. */
const changing = /\/(stats|response\/)/;

/** MQTT.js sends no filter a second time that it keeps for `resubscribe`. */
const speaking = (version: 4 | 5): IClientOptions => ({
  ...{ protocolVersion: version, reconnectPeriod: 100, resubscribe: false },
});

/** What consumers have heard of events: how many, and how many came again. */
export class Heard {
  readonly #known = new Set<string>();
  messages = 0;

  take(payload: Buffer): void {
    const { sequence, after } = JSON.parse(payload.toString()) as EventMessage;
    this.messages++;
    this.#known.add(`${after.id} ${sequence}`);
  }

  /** Each by its id and number: docs/mqtt.md. */
  get different(): number {
    return this.#known.size;
  }
}

/** Who keeps all events, with a session that outlives its connection. */
export async function archive(url: string, version: 4 | 5, heard: Heard): Promise<MqttClient> {
  const client = await connectAsync(url, {
    ...speaking(version),
    ...{ clientId: 'archive', clean: false, properties: { sessionExpiryInterval: 3600 } },
  });
  return listening(client, eventsFilter, heard);
}

/** One of those that divide all events among them. */
export async function worker(url: string, version: 4 | 5, number: number, heard: Heard): Promise<MqttClient> {
  const client = await connectAsync(url, {
    ...speaking(version),
    ...{ clientId: `worker-${number}`, clean: false, properties: { sessionExpiryInterval: 3600 } },
  });
  return listening(client, `$share/archive/${eventsFilter}`, heard);
}

async function listening(client: MqttClient, filter: string, heard: Heard): Promise<MqttClient> {
  client.on('error', () => {});
  client.on('message', (_, payload) => heard.take(payload));
  await client.subscribeAsync(filter, { qos: 1 });
  // Mosquitto 2.0 has forgotten shared subscriptions when it comes back, and says that the session is there.
  client.on('connect', () => client.subscribe(filter, { qos: 1 }));
  return client;
}

/** By topic, what a broker retains. */
export type Retained = ReadonlyMap<string, RetainedValue>;

export interface RetainedValue {
  readonly hash: string;
  readonly bytes: number;
}

const retainedOf = (payload: Buffer): RetainedValue => ({
  ...{ hash: createHash('sha1').update(payload).digest('base64'), bytes: payload.length },
});

/** Topics that differ, are missing, or should not be there. */
export function differing(before: Retained, now: Retained): number {
  const wrong = [...before].filter(([topic, { hash }]) => now.get(topic)?.hash !== hash).length;
  return wrong + [...now.keys()].filter((topic) => !before.has(topic)).length;
}

/** What is retained, or told since: all topics, of each a hash of its newest value. */
export class Watcher {
  readonly #client: MqttClient;
  readonly #values = new Map<string, RetainedValue>();
  messages = 0;

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on('error', () => {});
    // What it is told after that is all there is.
    client.on('close', () => this.#values.clear());
    client.on('connect', () => this.#subscribe());
    client.on('message', (topic, payload, { retain }) => {
      this.messages++;
      if (!retain || changing.test(topic)) return;
      if (payload.length === 0) this.#values.delete(topic);
      else this.#values.set(topic, retainedOf(payload));
    });
  }

  static async to(url: string, version: 4 | 5): Promise<Watcher> {
    const client = await connectAsync(url, { ...speaking(version), reconnectPeriod: 20, clientId: 'watcher' });
    const watcher = new Watcher(client);
    await watcher.#subscribe();
    return watcher;
  }

  /** With the flag as it was published, so that what changes is known to be retained. */
  async #subscribe(): Promise<void> {
    await this.#client.subscribeAsync(retainedFilters, { qos: 0, rap: true }).catch(() => {});
  }

  /** All that is retained now; with MQTT 5 alone, which says of what is told that it is retained. */
  get retained(): Retained {
    return new Map(this.#values);
  }

  async end(): Promise<void> {
    await this.#client.endAsync(true);
  }
}

/**
 * What a broker retains, as someone is told who asks now.
 *
 * @param filters Topics one by one for a broker that gives nothing to wildcards.
 */
export async function retainedAt(
  url: string,
  version: 4 | 5,
  filters: readonly string[] = retainedFilters,
): Promise<Retained> {
  const client = await connectAsync(url, { ...speaking(version), clientId: 'reader' });
  const values = new Map<string, RetainedValue>();
  client.on('message', (topic, payload, { retain }) => {
    if (retain && !changing.test(topic)) values.set(topic, retainedOf(payload));
  });
  for (let i = 0; i < filters.length; i += 100) await client.subscribeAsync(filters.slice(i, i + 100), { qos: 0 });
  for (let known = -1; known !== values.size; ) {
    known = values.size;
    await sleep(2000);
  }
  await client.endAsync(true);
  return values;
}
