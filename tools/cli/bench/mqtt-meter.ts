import type { MqttClient } from 'mqtt';
import type { Energy, PowerSource } from '../../../devices/index.ts';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import { brokerAddress } from '../../../sdk/hub/connection/address.ts';
import type { Meter } from './meter.ts';

/** No board draws more watts: the field holds something else. */
const mostWatts = 1000;
/** After so long without a message it is unknown whether the last one still holds. */
const longestSilenceMs = 120_000;
const connectMs = 5000;

/** Where a plug or a meter publishes its power. */
export interface MqttMeterAddress {
  /** Without password. */
  readonly title: string;
  readonly broker: ReturnType<typeof brokerAddress>;
  readonly topic: string;
  /** Names of fields, from the outside in. Empty: the payload is the number. */
  readonly path: readonly string[];
}

/**
 * Reads `mqtt://[USER:PASSWORD@]HOST[:PORT]/TOPIC[#FIELD.FIELD]`.
 *
 * @example
 * meterAddress('mqtt://192.168.1.2/tele/plug/SENSOR#ENERGY.Power').path; // ['ENERGY', 'Power']
 *
 * @throws InputError when it names no topic, or no broker.
 */
export function meterAddress(url: string): MqttMeterAddress {
  const broker = brokerAddress(url);
  const { pathname, hash } = new URL(url);
  const topic = decodeURIComponent(pathname.slice(1));
  const path = decodeURIComponent(hash.slice(1));
  if (topic === '' || /[+#]/.test(topic)) {
    throw new InputError(
      `--meter: expected one topic after the broker, as in mqtt://HOST/tele/plug/SENSOR#ENERGY.Power, got ${topic === '' ? 'none' : topic}`,
    );
  }
  return { title: `${broker.title}/${topic}`, broker, topic, path: path === '' ? [] : path.split('.') };
}

/**
 * The watts in a payload.
 *
 * @throws InputError when it is no number, or has no such field: with what came.
 */
export function wattsIn(payload: string, { title, path }: Pick<MqttMeterAddress, 'title' | 'path'>): number {
  const shown = payload.length > 80 ? `${payload.slice(0, 80)}…` : payload;
  let value: unknown = payload.trim();
  if (path.length > 0) {
    value = parsed(payload);
    for (const name of path) {
      value =
        typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as never)[name] : undefined;
    }
  }
  const watts =
    typeof value === 'number' ? value : typeof value === 'string' && value !== '' ? Number(value) : Number.NaN;
  if (watts >= 0 && watts <= mostWatts) return watts;
  const where = path.length > 0 ? ` in the field ${path.join('.')}` : '; name the field after a #';
  throw new InputError(`--meter: expected watts from 0 to ${mostWatts} from ${title}${where}, got ${shown}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Power that a plug reports now and then: each value holds until the next one. So what a message says is integrated over
 * exactly the time for which it was true as far as anybody knows.
 */
export class ReportedPower implements PowerSource {
  readonly name = 'mqtt';
  readonly covers = 'sensor';
  readonly intervalMs = 1000;
  /** Joules since the last question. */
  #joules = 0;
  #last: { readonly watts: number; readonly atMs: number; readonly heardMs: number } | undefined;
  #askedMs: number | undefined;

  /** @param nowMs The clock of `next()`. */
  report(watts: number, nowMs: number): void {
    this.#integrate(nowMs);
    this.#last = { watts, atMs: nowMs, heardMs: nowMs };
  }

  async next(nowMs: number): Promise<Energy | undefined> {
    const last = this.#last;
    if (!last || nowMs - last.heardMs > longestSilenceMs) {
      this.#askedMs = undefined;
      return undefined;
    }
    this.#integrate(nowMs);
    const asked = this.#askedMs;
    const joules = this.#joules;
    this.#joules = 0;
    this.#askedMs = nowMs;
    return asked === undefined || nowMs <= asked ? undefined : { joules, seconds: (nowMs - asked) / 1000 };
  }

  #integrate(nowMs: number): void {
    const last = this.#last;
    if (!last) return;
    this.#joules += (last.watts * (nowMs - last.atMs)) / 1000;
    this.#last = { ...last, atMs: nowMs };
  }
}

/**
 * Subscribes to what a smart plug or a meter publishes, as Tasmota, Shelly and Zigbee2MQTT do. Resolves with its first value.
 *
 * @param url As `meterAddress` reads it.
 * @throws InputError when the broker cannot be reached, nothing comes within `firstMs`, or what comes is no power.
 */
export async function openMqttMeter(url: string, { firstMs = longestSilenceMs } = {}): Promise<Meter> {
  const address = meterAddress(url);
  const { connectAsync } = await import('mqtt');
  // No log: the client's would print every packet, also the password in CONNECT.
  const quiet = { connectTimeout: connectMs, log: () => {} };
  const client = await connectAsync({ ...address.broker.options, ...quiet }).catch((error: unknown) => {
    throw new InputError(`--meter: no connection to ${address.broker.title}: ${messageOf(error)}`);
  });
  const meter = new MqttMeter(client, address);
  try {
    const first = meter.heard(firstMs, false);
    // It is waited for below.
    first.catch(() => {});
    await client.subscribeAsync(address.topic, { qos: 0 });
    await first;
    return meter;
  } catch (error) {
    await meter[Symbol.asyncDispose]();
    throw error;
  }
}

class MqttMeter implements Meter {
  readonly source = new ReportedPower();
  readonly #client: MqttClient;
  readonly #address: MqttMeterAddress;
  readonly #waiting = new Set<{ isRetainedWanted: boolean; resolve(): void; reject(error: Error): void }>();

  constructor(client: MqttClient, address: MqttMeterAddress) {
    this.#client = client;
    this.#address = address;
    client.on('message', (topic, payload, { retain }) => {
      if (topic === address.topic) this.#take(payload.toString(), retain);
    });
    // A broker that is away for a moment: the last value holds.
    client.on('error', () => {});
  }

  settled(): Promise<void> {
    return this.heard(longestSilenceMs, true);
  }

  /** Waits for the next message. @param isNew Whether one that the broker kept does not count. */
  heard(withinMs: number, isNew: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const { title } = this.#address;
      const none = `--meter: expected a message on ${title} within ${withinMs / 1000} s, none came; let the plug report more often`;
      const waiting = {
        isRetainedWanted: !isNew,
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
        reject: (error: Error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(waiting);
        reject(new InputError(none));
      }, withinMs);
      this.#waiting.add(waiting);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.endAsync(true);
  }

  #take(payload: string, isRetained: boolean): void {
    let watts: number;
    try {
      watts = wattsIn(payload, this.#address);
    } catch (error) {
      for (const waiting of this.#waiting) waiting.reject(error as Error);
      this.#waiting.clear();
      return;
    }
    this.source.report(watts, performance.now());
    for (const waiting of [...this.#waiting]) {
      if (isRetained && !waiting.isRetainedWanted) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }
}
