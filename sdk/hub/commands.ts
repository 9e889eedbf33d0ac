import type { CameraChange } from '../config/schema.ts';
import { InputError, messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { maxCommandBytes, type SettingTopic, settingTopics } from './camera-settings.ts';
import type { Incoming } from './session.ts';
import type { HubCamera } from './source.ts';
import type { NodeTopics } from './topics.ts';

const errorsPerMinute = 20;
const minuteMs = 60_000;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Carries out what comes on `<camera>/<setting>/set`. One change of a camera runs at a time; of those that come
 * meanwhile only the newest of each setting waits, so a flood of commands costs no memory.
 */
export class Commands {
  readonly #topics: NodeTopics;
  readonly #cameras: ReadonlyMap<string, HubCamera>;
  readonly #logger: Logger;
  readonly #onSettled: (camera: HubCamera, setting: string) => void;
  readonly #waiting = new Map<HubCamera, Map<string, CameraChange>>();
  #rejected = 0;
  #errors = { minute: 0, count: 0 };

  /** @param options.onSettled Called after each command that named a camera and a setting, carried out or not. */
  constructor(options: {
    topics: NodeTopics;
    cameras: ReadonlyMap<string, HubCamera>;
    logger: Logger;
    onSettled: (camera: HubCamera, setting: string) => void;
  }) {
    this.#topics = options.topics;
    this.#cameras = options.cameras;
    this.#logger = options.logger;
    this.#onSettled = options.onSettled;
  }

  /** Commands that could not be understood or carried out. */
  get rejected(): number {
    return this.#rejected;
  }

  /** Never throws: what is wrong is logged. Messages on other topics are ignored. */
  handle({ topic, payload, retained }: Incoming): void {
    const target = this.#topics.command(topic);
    if (!target) return;
    if (retained) {
      // It was meant for another time: obeying it at each reconnect would undo what was set since.
      this.#logger.debug(`MQTT: a retained message on ${topic} is ignored; publish commands without retain`);
      return;
    }
    const camera = this.#cameras.get(target.camera);
    const setting = settingTopics.get(target.setting);
    if (!camera) {
      this.#reject(topic, `there is no such camera; expected one of ${[...this.#cameras.keys()].join(', ')}`);
    } else if (!setting) {
      this.#reject(topic, `there is no such setting; expected one of ${[...settingTopics.keys()].join(', ')}`);
    } else {
      this.#request(camera, setting, topic, payload);
    }
  }

  #request(camera: HubCamera, setting: SettingTopic, topic: string, payload: Buffer): void {
    let change: CameraChange;
    try {
      change = setting.parse(textOf(payload));
    } catch (error) {
      this.#reject(topic, messageOf(error));
      this.#onSettled(camera, setting.name);
      return;
    }
    const waiting = this.#waiting.get(camera);
    if (waiting) {
      waiting.delete(setting.name);
      waiting.set(setting.name, change);
      return;
    }
    this.#waiting.set(camera, new Map([[setting.name, change]]));
    this.#work(camera);
  }

  async #work(camera: HubCamera): Promise<void> {
    const waiting = this.#waiting.get(camera)!;
    for (let next = first(waiting); next; next = first(waiting)) {
      const [name, change] = next;
      waiting.delete(name);
      try {
        await camera.change(change);
      } catch (error) {
        this.#reject(this.#topics.camera(camera.name).set(name), messageOf(error));
      }
      this.#onSettled(camera, name);
    }
    this.#waiting.delete(camera);
  }

  #reject(topic: string, reason: string): void {
    this.#rejected++;
    const minute = Math.floor(performance.now() / minuteMs);
    if (minute !== this.#errors.minute) this.#errors = { minute, count: 0 };
    const count = ++this.#errors.count;
    if (count > errorsPerMinute) return;
    // Anyone who may publish chooses the topic, so it is shortened as well.
    this.#logger.error(`MQTT: ${JSON.stringify(topic.slice(0, 200))}: ${reason}`);
    if (count === errorsPerMinute) this.#logger.error('MQTT: further wrong commands are not told for a minute');
  }
}

const first = <K, V>(map: Map<K, V>): [K, V] | undefined => {
  for (const entry of map) return entry;
  return undefined;
};

function textOf(payload: Buffer): string {
  if (payload.length > maxCommandBytes) {
    throw new InputError(`expected a payload of at most ${maxCommandBytes} bytes, got ${payload.length}`);
  }
  try {
    return utf8.decode(payload);
  } catch {
    throw new InputError('expected text, got bytes that are not UTF-8');
  }
}
