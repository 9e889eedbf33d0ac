import { InputError } from '../../base/errors.ts';
import { Settings } from '../../config/schema.ts';
import { errorsOf } from '../../config/validate.ts';

/** What the name of a node, a camera, a zone or a line looks like; the settings schema says the same. */
export const namePattern = new RegExp(Settings.properties.node.pattern!);

/**
 * Retained topics right below a camera. No verb may have such a name: while a hub looks at what the broker retains,
 * `request/<verb>` would come twice.
 */
export const cameraLevels: readonly string[] = ['status', 'motion', 'view'];

/**
 * A model's label as one level of a topic: spaces, control characters and the characters that mean something in a
 * topic (`/`, `+`, `#`) become `_`. `cell phone` is `cell_phone`.
 */
export function labelLevel(label: string): string {
  // Labels come from model files, so their length is anyone's guess; a topic has 65,535 bytes in all.
  return [...label.slice(0, 128)].map((c) => (/[\s/+#\p{C}]/u.test(c) ? '_' : c)).join('') || '_';
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
    return `${this.root}/status`;
  }

  get stats(): string {
    return `${this.root}/stats`;
  }

  /** Matches each `<camera>/<setting>/set`. */
  get commands(): string {
    return `${this.root}/+/+/set`;
  }

  /** Matches each `request/<verb>`. */
  get requests(): string {
    return `${this.root}/request/+`;
  }

  /** Where all answers are. */
  get responses(): string {
    return `${this.root}/response`;
  }

  /** The versions of its model. */
  get model(): string {
    return `${this.root}/model`;
  }

  /** What was taught, and how well it is known. */
  get learningState(): string {
    return `${this.root}/learn/state`;
  }

  /** Match all that this node may have retained of learning. */
  get learned(): string[] {
    const taught = ['count', 'occupied'].map((what) => `${this.root}/+/taught/+/${what}`);
    return [this.learningState, `${this.root}/+/classification/+`, ...taught];
  }

  /** Does one of `learned` match it? */
  isLearned(topic: string): boolean {
    const [, kind, , what, ...more] = this.#levels(topic) ?? [];
    if (more.length > 0) return false;
    if (kind === 'taught') return what === 'count' || what === 'occupied';
    return topic === this.learningState || (kind === 'classification' && this.#levels(topic)!.length === 3);
  }

  /** Match all that this node may have retained for its cameras, and nothing else below its root. */
  get retained(): string[] {
    const camera = `${this.root}/+`;
    const counts = ['count', 'occupied'].flatMap((what) => [`${camera}/+/${what}`, `${camera}/zone/+/+/${what}`]);
    return [
      ...cameraLevels.map((level) => `${camera}/${level}`),
      `${camera}/+/state`,
      `${camera}/+/snapshot`,
      ...counts,
    ];
  }

  /** The camera and the setting that a command topic names, or undefined when it is no such topic. */
  command(topic: string): { camera: string; setting: string } | undefined {
    const levels = this.#levels(topic);
    if (levels?.length !== 3 || levels[2] !== 'set') return undefined;
    return { camera: levels[0]!, setting: levels[1]! };
  }

  /** The verb that a request's topic names, or undefined when it is no such topic. */
  verbOf(topic: string): string | undefined {
    const levels = this.#levels(topic);
    return levels?.length === 2 && levels[0] === 'request' ? levels[1] : undefined;
  }

  request(verb: string): string {
    return `${this.root}/request/${named('verb', verb)}`;
  }

  response(verb: string): string {
    return `${this.responses}/${named('verb', verb)}`;
  }

  /** Is it the topic of a label's snapshots? */
  isSnapshot(topic: string): boolean {
    const levels = this.#levels(topic);
    return levels?.length === 3 && levels[2] === 'snapshot';
  }

  /** The camera a topic belongs to, by its place. */
  cameraOf(topic: string): string | undefined {
    return this.#levels(topic)?.[0];
  }

  camera(name: string): CameraTopics {
    return new CameraTopics(this.root, name);
  }

  #levels(topic: string): string[] | undefined {
    return topic.startsWith(`${this.root}/`) ? topic.slice(this.root.length + 1).split('/') : undefined;
  }
}

/** The topics of one camera: `ocellus/<node>/<camera>/…`. */
export class CameraTopics {
  readonly root: string;

  /** @throws InputError when the name may not stand in a topic. */
  constructor(nodeRoot: string, name: string) {
    this.root = `${nodeRoot}/${named('camera', name)}`;
  }

  get status(): string {
    return `${this.root}/status`;
  }

  get events(): string {
    return `${this.root}/events`;
  }

  get motion(): string {
    return `${this.root}/motion`;
  }

  count(label: string, zone?: string): string {
    return `${this.#scope(zone)}/${labelLevel(label)}/count`;
  }

  occupied(label: string, zone?: string): string {
    return `${this.#scope(zone)}/${labelLevel(label)}/occupied`;
  }

  snapshot(label: string): string {
    return `${this.root}/${labelLevel(label)}/snapshot`;
  }

  /** Of the whole view, as it was when someone asked for it. */
  get view(): string {
    return `${this.root}/view`;
  }

  crossing(line: string): string {
    return `${this.root}/line/${named('line', line)}/crossing`;
  }

  /** Who came and who left, as Home Assistant's event entity reads it. */
  get seen(): string {
    return `${this.root}/seen`;
  }

  appeared(label: string): string {
    return `${this.root}/${labelLevel(label)}/appeared`;
  }

  crossed(line: string): string {
    return `${this.root}/line/${named('line', line)}/crossed`;
  }

  /** The state of the whole view that a taught head sees. */
  classification(head: string): string {
    return `${this.root}/classification/${named('state', head)}`;
  }

  /** Objects that local learning calls that. */
  taughtCount(label: string): string {
    return `${this.root}/taught/${labelLevel(label)}/count`;
  }

  taughtOccupied(label: string): string {
    return `${this.root}/taught/${labelLevel(label)}/occupied`;
  }

  state(setting: string): string {
    return `${this.root}/${setting}/state`;
  }

  set(setting: string): string {
    return `${this.root}/${setting}/set`;
  }

  #scope(zone: string | undefined): string {
    return zone === undefined ? this.root : `${this.root}/zone/${named('zone', zone)}`;
  }
}

function named(what: string, name: string): string {
  if (!namePattern.test(name)) {
    throw new InputError(
      `name of a ${what}: expected text that fits ${namePattern.source}, got ${JSON.stringify(name)}`,
    );
  }
  return name;
}
