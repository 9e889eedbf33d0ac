import { InputError } from '../../base/errors.ts';
import { Settings } from '../../config/schema.ts';
import { errorsOf } from '../../config/validate.ts';
import { addresses, filterOf, type NamesOf, namesIn, pathOf } from './addresses.ts';

/** What the name of a node, a camera, a zone or a line looks like; the settings schema says the same. */
export const namePattern = new RegExp(Settings.properties.node.pattern!);

/**
 * Retained topics right below a camera. No verb may have such a name: while a hub looks at what the broker retains,
 * `request/<verb>` would come twice.
 */
export const cameraLevels: readonly string[] = [addresses.cameraStatus, addresses.motion, addresses.view].map(
  (address) => address.split('/')[1]!,
);

/** Of what may be retained for a camera. */
const retainedOfCameras = [
  addresses.cameraStatus,
  addresses.motion,
  addresses.view,
  addresses.settingState,
  addresses.snapshot,
  addresses.count,
  addresses.zoneCount,
  addresses.occupied,
  addresses.zoneOccupied,
];

/** Of what may be retained of learning. */
const retainedOfLearning = [
  addresses.learningState,
  addresses.classification,
  addresses.taughtCount,
  addresses.taughtOccupied,
];

/** A label that may stand in a topic as it is, which nearly all may. */
const plainLevel = /^[\w-]{1,128}$/;

/**
 * A model's label as one level of a topic: spaces, control characters and the characters that mean something in a
 * topic (`/`, `+`, `#`), or in one of RabbitMQ's (`.`, `*`), become `_`. `cell phone` is `cell_phone`.
 */
export function labelLevel(label: string): string {
  if (plainLevel.test(label)) return label;
  // Labels come from model files, so their length is anyone's guess; a topic has 65,535 bytes in all.
  return [...label.slice(0, 128)].map((c) => (/[\s/+#.*\p{C}]/u.test(c) ? '_' : c)).join('') || '_';
}

/**
 * The topics of one node: `ocellus/<node>/…`.
 *
 * @example
 * const topics = new NodeTopics('ocellus', 'porch');
 * topics.camera('door').count('person'); // ocellus/porch/door/person/count
 */
export class NodeTopics {
  readonly base: string;
  /** `<base>/<node>` */
  readonly root: string;

  /** @throws InputError when the base has a wildcard or the node's name may not stand in a topic. */
  constructor(base: string, node: string) {
    const [problem] = errorsOf(Settings.properties.mqtt.properties.base, base, 'mqtt.base');
    if (problem !== undefined) throw new InputError(problem);
    this.base = base;
    this.root = `${base}/${named('node', node)}`;
  }

  get status(): string {
    return this.#at(addresses.status);
  }

  get stats(): string {
    return this.#at(addresses.stats);
  }

  /** Matches each `<camera>/<setting>/set`. */
  get commands(): string {
    return this.#at(filterOf(addresses.settingCommand));
  }

  /** Matches each `request/<verb>`. */
  get requests(): string {
    return this.#at(filterOf(addresses.request));
  }

  /** Where all answers are. */
  get responses(): string {
    return this.#at(addresses.response.split('/')[0]!);
  }

  /** The versions of its model. */
  get model(): string {
    return this.#at(addresses.model);
  }

  /** Which version runs, and which one there is. */
  get update(): string {
    return this.#at(addresses.update);
  }

  /** Where a release is announced to all nodes. */
  get release(): string {
    return `${this.base}/${addresses.release}`;
  }

  /** What was taught, and how well it is known. */
  get learningState(): string {
    return this.#at(addresses.learningState);
  }

  /** Match all that this node may have retained of learning. */
  get learned(): string[] {
    return retainedOfLearning.map((address) => this.#at(filterOf(address)));
  }

  /** Whether one of `learned` matches it. */
  isLearned(topic: string): boolean {
    return retainedOfLearning.some((address) => this.#namesIn(address, topic));
  }

  /** Match all that this node may have retained for its cameras, and nothing else below its root. */
  get retained(): string[] {
    return retainedOfCameras.map((address) => this.#at(filterOf(address)));
  }

  /** The camera and the setting that a command topic names, or undefined when it is no such topic. */
  command(topic: string): { camera: string; setting: string } | undefined {
    return this.#namesIn(addresses.settingCommand, topic);
  }

  /** The verb that a request's topic names, or undefined when it is no such topic. */
  verbOf(topic: string): string | undefined {
    return this.#namesIn(addresses.request, topic)?.verb;
  }

  /** Where this node is asked for something. @throws InputError when the verb may not stand in a topic. */
  request(verb: string): string {
    return this.#at(pathOf(addresses.request, { verb: named('verb', verb) }));
  }

  /** Where it answers. @throws InputError when the verb may not stand in a topic. */
  response(verb: string): string {
    return this.#at(pathOf(addresses.response, { verb: named('verb', verb) }));
  }

  /** Whether it is the topic of a label's snapshots. */
  isSnapshot(topic: string): boolean {
    return this.#namesIn(addresses.snapshot, topic) !== undefined;
  }

  /** The camera a topic belongs to, by its place. */
  cameraOf(topic: string): string | undefined {
    return this.#below(topic)?.split('/', 1)[0];
  }

  /** @throws InputError when the name may not stand in a topic. */
  camera(name: string): CameraTopics {
    return new CameraTopics(this.root, name);
  }

  #at(path: string): string {
    return `${this.root}/${path}`;
  }

  #below(topic: string): string | undefined {
    return topic.startsWith(`${this.root}/`) ? topic.slice(this.root.length + 1) : undefined;
  }

  #namesIn<Address extends string>(address: Address, topic: string): NamesOf<Address> | undefined {
    const path = this.#below(topic);
    return path === undefined ? undefined : namesIn(address, path);
  }
}

/** The topics of one camera: `ocellus/<node>/<camera>/…`. */
export class CameraTopics {
  readonly #nodeRoot: string;
  readonly #name: string;

  /** @throws InputError when the name may not stand in a topic. */
  constructor(nodeRoot: string, name: string) {
    this.#nodeRoot = nodeRoot;
    this.#name = named('camera', name);
  }

  get status(): string {
    return this.#at(addresses.cameraStatus, {});
  }

  get events(): string {
    return this.#at(addresses.events, {});
  }

  get motion(): string {
    return this.#at(addresses.motion, {});
  }

  /** How many of a label are in the view, or in a zone of it. @throws InputError when a name may not stand in a topic. */
  count(label: string, zone?: string): string {
    const names = { label: labelLevel(label) };
    if (zone === undefined) return this.#at(addresses.count, names);
    return this.#at(addresses.zoneCount, { ...names, zone: named('zone', zone) });
  }

  /** Whether one of a label is in the view, or in a zone of it. @throws InputError when a name may not stand in a topic. */
  occupied(label: string, zone?: string): string {
    const names = { label: labelLevel(label) };
    if (zone === undefined) return this.#at(addresses.occupied, names);
    return this.#at(addresses.zoneOccupied, { ...names, zone: named('zone', zone) });
  }

  /** The newest picture of an object of a label, a JPEG. */
  snapshot(label: string): string {
    return this.#at(addresses.snapshot, { label: labelLevel(label) });
  }

  /** Of the whole view, as it was when someone asked for it. */
  get view(): string {
    return this.#at(addresses.view, {});
  }

  /** Who crossed a line, and which way. @throws InputError when the name may not stand in a topic. */
  crossing(line: string): string {
    return this.#at(addresses.crossing, { line: named('line', line) });
  }

  /** Who came and who left, as Home Assistant's event entity reads it. */
  get seen(): string {
    return this.#at(addresses.seen, {});
  }

  /** That an object of a label came, for Home Assistant's automations. */
  appeared(label: string): string {
    return this.#at(addresses.appeared, { label: labelLevel(label) });
  }

  /** That a line was crossed, for Home Assistant's automations. @throws InputError when the name may not stand in a topic. */
  crossed(line: string): string {
    return this.#at(addresses.crossed, { line: named('line', line) });
  }

  /** The state of the whole view that a taught head sees. */
  classification(head: string): string {
    return this.#at(addresses.classification, { head: named('state', head) });
  }

  /** Objects that local learning calls that. */
  taughtCount(label: string): string {
    return this.#at(addresses.taughtCount, { label: labelLevel(label) });
  }

  /** Whether there is an object that local learning calls that. */
  taughtOccupied(label: string): string {
    return this.#at(addresses.taughtOccupied, { label: labelLevel(label) });
  }

  /** The value of a setting. */
  state(setting: string): string {
    return this.#at(addresses.settingState, { setting });
  }

  /** Where a setting is changed. */
  set(setting: string): string {
    return this.#at(addresses.settingCommand, { setting });
  }

  #at<Address extends string>(address: Address, names: Omit<NamesOf<Address>, 'camera'>): string {
    return `${this.#nodeRoot}/${pathOf(address, { ...names, camera: this.#name } as NamesOf<Address>)}`;
  }
}

function named(what: string, name: string): string {
  if (typeof name !== 'string' || !namePattern.test(name)) {
    throw new InputError(
      `name of a ${what}: expected text that fits ${namePattern.source}, got ${JSON.stringify(name)}`,
    );
  }
  return name;
}
