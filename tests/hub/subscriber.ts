import mqtt, { type MqttClient } from 'mqtt';

export interface Received {
  topic: string;
  payload: Buffer;
  text: string;
  retain: boolean;
  qos: number;
}

/** A client that keeps all it hears. */
export class Subscriber {
  readonly client: MqttClient;
  readonly received: Received[] = [];

  private constructor(client: MqttClient) {
    this.client = client;
    // It comes back by itself.
    client.on('error', () => {});
    client.on('message', (topic, payload, { retain, qos }) =>
      this.received.push({ topic, payload, text: payload.toString(), retain, qos }),
    );
  }

  static async to(url: string, filter = '#', options: mqtt.IClientOptions = {}): Promise<Subscriber> {
    const client = mqtt.connect(url, { reconnectPeriod: 50, ...options });
    // Before it is connected: what waited for its session comes right behind the CONNACK.
    const subscriber = new Subscriber(client);
    await new Promise<void>((resolve) => client.once('connect', () => resolve()));
    await client.subscribeAsync(filter, { qos: 1 });
    return subscriber;
  }

  on(topic: string): Received[] {
    return this.received.filter((one) => one.topic === topic);
  }

  last(topic: string): string | undefined {
    return this.on(topic).at(-1)?.text;
  }

  /** Waits for any answer of the broker. */
  async answer(): Promise<void> {
    await this.client.subscribeAsync('nothing/is/here', { qos: 0 }).catch(() => {});
  }

  async end(): Promise<void> {
    await this.client.endAsync(true);
  }
}

/** What the broker retains below a filter, as it comes. */
export async function retainedMessages(url: string, filter = '#'): Promise<Received[]> {
  const subscriber = await Subscriber.to(url, filter);
  const retained = () => subscriber.received.filter(({ retain }) => retain);
  // Nothing says that all have come; on a busy machine they come one by one. What is said meanwhile does not count. A
  // broker that is stopped at the moment does not answer: what it has not sent before its answer it sends with it.
  for (let heard = -1; heard !== retained().length; ) {
    heard = retained().length;
    await subscriber.answer();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await subscriber.answer();
  }
  await subscriber.end();
  return retained();
}

/** Its texts by topic. */
export async function retainedOf(url: string, filter?: string): Promise<Record<string, string>> {
  return Object.fromEntries((await retainedMessages(url, filter)).map(({ topic, text }) => [topic, text]));
}
