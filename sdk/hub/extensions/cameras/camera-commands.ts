import { messageOf } from '../../../base/errors.ts';
import type { CameraChange } from '../../../config/schema.ts';
import { Complaints } from '../../connection/complaints.ts';
import type { Incoming } from '../../connection/session.ts';
import { textOf } from '../../connection/text-of.ts';
import { maxCommandBytes, type SettingTopic, settingTopics } from '../../contract/camera-settings.ts';
import type { Extension, HubContext, Subscription } from '../extension.ts';
import type { HubCamera } from '../hub-node.ts';

/**
 * Executes commands on `<camera>/<setting>/set`. One change per camera runs at a time; of those that arrive meanwhile
 * only the newest of each setting waits, so a flood of commands costs no memory.
 */
export class CameraCommands implements Extension {
  readonly #waiting = new Map<HubCamera, Map<string, CameraChange>>();
  #context: HubContext | undefined;
  #rejected = 0;
  readonly #complaints = new Complaints('wrong commands');

  get subscriptions(): readonly Subscription[] {
    return this.#context ? [{ filter: this.#context.topics.commands, retained: false }] : [];
  }

  /** Commands that could not be understood or carried out. */
  get rejected(): number {
    return this.#rejected;
  }

  start(context: HubContext): void {
    this.#context = context;
  }

  stop(): void {
    this.#context = undefined;
  }

  /** Errors are logged, and the old state is published again. */
  receive({ topic, payload, retained }: Incoming): boolean {
    const target = this.#context?.topics.command(topic);
    if (!target) return false;
    const { node, logger } = this.#context!;
    const camera = node.pipelines.get(target.camera);
    const setting = settingTopics.get(target.setting);
    if (retained) {
      // It was meant for another time: obeying it at each reconnect would undo what was set since.
      logger.debug(`MQTT: a retained message on ${topic} is ignored; publish commands without retain`);
    } else if (!camera) {
      this.#reject(topic, `there is no such camera; expected one of ${[...node.pipelines.keys()].join(', ')}`);
    } else if (!setting) {
      this.#reject(topic, `there is no such setting; expected one of ${[...settingTopics.keys()].join(', ')}`);
    } else {
      this.#request(camera, setting, topic, payload);
    }
    return true;
  }

  #request(camera: HubCamera, setting: SettingTopic, topic: string, payload: Buffer): void {
    let change: CameraChange;
    try {
      change = setting.parse(textOf(payload, maxCommandBytes));
    } catch (error) {
      this.#reject(topic, messageOf(error));
      this.#tell(camera, setting);
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
        const topic = this.#context?.topics.camera(camera.name).set(name);
        if (topic) this.#reject(topic, messageOf(error));
      }
      this.#tell(camera, settingTopics.get(name)!);
    }
    this.#waiting.delete(camera);
  }

  /** The answer to a command, also where nothing changed: a switch on a page jumps back then. */
  #tell(camera: HubCamera, setting: SettingTopic): void {
    const topic = this.#context?.topics.camera(camera.name).state(setting.name);
    if (topic) this.#context?.retained.tell(topic, setting.format(camera.settings));
  }

  #reject(topic: string, reason: string): void {
    this.#rejected++;
    this.#complaints.say(this.#context?.logger, topic, reason);
  }
}

const first = <K, V>(map: Map<K, V>): [K, V] | undefined => {
  for (const entry of map) return entry;
  return undefined;
};
