import { setTimeout as sleep } from 'node:timers/promises';
import { connect, connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import type { Broker } from './brokers.ts';

/** What is looked for, and how it is called in the table. */
export const abilities = {
  mqtt5: 'MQTT 5',
  retained: 'retained messages',
  wildcards: 'retained messages for a subscription with wildcards',
  restart: 'retained messages survive a restart',
  offline: 'messages of QoS 1 wait for a session that is away',
  qos2: 'QoS 2',
  shared: 'shared subscriptions: each message once over the group',
  dot: 'a dot in a topic stays a dot',
  space: 'a space in a topic',
  will: 'a retained last will',
  expiry: 'message expiry',
  large: 'a message of 1 MB',
} as const;

export type Abilities = Record<keyof typeof abilities, string>;

/** How long an answer is waited for. */
const patienceMs = 1500;
const root = 'ocellus/probe';

/** Tries each of them on a broker, which is started anew meanwhile. `yes`, or what was seen instead. */
export async function abilitiesOf(broker: Broker): Promise<Abilities> {
  const found: Partial<Abilities> = {};
  found.mqtt5 = (await opens(broker, 5)) ? 'yes' : 'no: the connection is refused';
  const version = found.mqtt5 === 'yes' ? 5 : 4;
  const probe = new Probe(broker, version);
  const tries: Omit<{ [Key in keyof Abilities]: () => Promise<string> }, 'mqtt5' | 'restart'> = {
    retained: () => probe.retained(`${root}/a`, `${root}/a`),
    wildcards: () => probe.retained(`${root}/b/c`, `${root}/b/#`),
    offline: () => probe.offline(),
    qos2: () => probe.qos2(),
    shared: () => probe.shared(),
    dot: () => probe.sent(`${root}/v1.2`),
    space: () => probe.sent(`${root}/my cat`),
    will: () => probe.will(),
    expiry: () => probe.expiry(),
    large: () => probe.sent(`${root}/large`, 1e6),
  };
  for (const [name, attempt] of Object.entries(tries)) {
    found[name as keyof typeof tries] = await attempt().catch((error: unknown) => `no: ${(error as Error).message}`);
  }
  await broker.end('SIGTERM');
  await broker.start();
  found.restart = await probe.lies(`${root}/a`);
  await probe.clear();
  return found as Abilities;
}

async function opens(broker: Broker, version: 4 | 5): Promise<boolean> {
  try {
    const client = await connectAsync(
      broker.url,
      { protocolVersion: version, reconnectPeriod: 0, connectTimeout: 5000 },
      false,
    );
    await client.endAsync(true);
    return true;
  } catch {
    return false;
  }
}

class Probe {
  readonly #broker: Broker;
  readonly #version: 4 | 5;
  #clients = 0;
  readonly #told = new Set<string>();

  constructor(broker: Broker, version: 4 | 5) {
    this.#broker = broker;
    this.#version = version;
  }

  /** @param what What is said where nothing is there. */
  async lies(topic: string, filter = topic, what = 'no: nothing comes'): Promise<string> {
    return this.#with({}, async (client, heard) => {
      await client.subscribeAsync(filter, { qos: 1 });
      return (await until(() => heard.some((one) => one.topic === topic))) ? 'yes' : what;
    });
  }

  async retained(topic: string, filter: string): Promise<string> {
    await this.#with({}, (client) => this.#retain(client, topic));
    return this.lies(topic, filter);
  }

  async offline(): Promise<string> {
    const away = { clientId: 'probe-away', clean: false, properties: { sessionExpiryInterval: 60 } };
    await this.#with(away, async (client) => {
      await client.subscribeAsync(`${root}/offline`, { qos: 1 });
    });
    await this.#with({}, (client) => client.publishAsync(`${root}/offline`, 'x', { qos: 1 }));
    const answer = await this.#with(away, async (_, heard) => {
      return (await until(() => heard.length > 0)) ? 'yes' : 'no: nothing comes';
    });
    // Its session would collect what nobody reads.
    await this.#with({ clientId: 'probe-away', clean: true }, async () => {});
    return answer;
  }

  qos2(): Promise<string> {
    return this.#with({}, async (client, heard) => {
      const granted = (await client.subscribeAsync(`${root}/two`, { qos: 2 }))[0]!.qos;
      await within(client.publishAsync(`${root}/two`, 'x', { qos: 2 }));
      if (!(await until(() => heard.length > 0))) return 'no: it does not arrive';
      return granted === 2 && heard[0]!.qos === 2 ? 'yes' : `no: it comes at QoS ${heard[0]!.qos}`;
    });
  }

  async shared(): Promise<string> {
    const filter = `$share/probe/${root}/shared/+`;
    return this.#with({}, (one, first) =>
      this.#with({}, (two, second) =>
        this.#with({}, async (sender) => {
          await one.subscribeAsync(filter, { qos: 1 });
          await two.subscribeAsync(filter, { qos: 1 });
          for (let i = 0; i < 20; i++) await sender.publishAsync(`${root}/shared/${i}`, 'x', { qos: 1 });
          await until(() => first.length + second.length >= 20);
          const all = first.length + second.length;
          return all === 20 && first.length > 0 && second.length > 0 ? 'yes' : `no: 20 messages come ${all} times`;
        }),
      ),
    );
  }

  /** @returns Whether it comes on the topic on which it was sent. */
  sent(topic: string, bytes = 1): Promise<string> {
    return this.#with({}, (client, heard) =>
      this.#with({}, async (sender) => {
        await client.subscribeAsync(`${root}/#`, { qos: 1 });
        // What is retained comes first.
        await sleep(300);
        heard.length = 0;
        await within(sender.publishAsync(topic, Buffer.alloc(bytes, 120), { qos: 1 }));
        if (!(await until(() => heard.length > 0))) return 'no: it does not arrive';
        return heard[0]!.topic === topic ? 'yes' : `no: it comes on ${heard[0]!.topic}`;
      }),
    );
  }

  async will(): Promise<string> {
    const topic = `${root}/will`;
    this.#told.add(topic);
    await this.#with({ will: { topic, payload: Buffer.from('offline'), qos: 1, retain: true } }, async (client) => {
      client.stream.destroy();
      await sleep(patienceMs);
    });
    return this.lies(topic);
  }

  async expiry(): Promise<string> {
    if (this.#version === 4) return 'no: it is of MQTT 5';
    const topic = `${root}/expiring`;
    await this.#with({}, (client) =>
      client.publishAsync(topic, 'x', { qos: 1, retain: true, properties: { messageExpiryInterval: 1 } }),
    );
    this.#told.add(topic);
    await sleep(3000);
    return (await this.lies(topic)) === 'yes' ? 'no: it is there after it has expired' : 'yes';
  }

  /** Empties what was retained. */
  async clear(): Promise<void> {
    await this.#with({}, async (client) => {
      for (const topic of this.#told) await within(client.publishAsync(topic, '', { qos: 1, retain: true }));
    });
  }

  async #retain(client: MqttClient, topic: string): Promise<void> {
    this.#told.add(topic);
    await within(client.publishAsync(topic, 'x', { qos: 1, retain: true }));
  }

  /** A client of its own, that keeps what it hears; an end by the broker is an error. */
  async #with<T>(
    options: IClientOptions,
    work: (client: MqttClient, heard: { topic: string; qos: number }[]) => Promise<T>,
  ): Promise<T> {
    const heard: { topic: string; qos: number }[] = [];
    const client = connect(this.#broker.url, {
      ...{ clientId: `probe-${this.#clients++}`, protocolVersion: this.#version, reconnectPeriod: 0 },
      ...options,
    });
    client.on('error', () => {});
    // Before it is connected: what waited comes right behind the CONNACK.
    client.on('message', (topic, _, { qos }) => heard.push({ topic, qos }));
    const isWill = options.will !== undefined;
    const ended = new Promise<never>((_, reject) =>
      client.once('close', () => {
        if (!isWill) reject(new Error('the broker ends the connection'));
      }),
    );
    ended.catch(() => {});
    const connected = new Promise<void>((resolve) => client.once('connect', () => resolve()));
    try {
      return await Promise.race([connected.then(() => work(client, heard)), ended]);
    } finally {
      client.removeAllListeners('close');
      await client.endAsync(true);
    }
  }
}

function within<T>(what: Promise<T>): Promise<T> {
  const late = sleep(patienceMs).then((): never => {
    throw new Error('it is not acknowledged');
  });
  what.catch(() => {});
  return Promise.race([what, late]);
}

async function until(holds: () => boolean): Promise<boolean> {
  const deadline = performance.now() + patienceMs;
  while (!holds()) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}
