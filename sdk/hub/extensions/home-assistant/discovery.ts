import { packageVersion } from '../../../base/assets.ts';
import type { Logger } from '../../../base/log.ts';
import type { HubContext } from '../extension.ts';
import type { HubCamera, HubNode } from '../hub-node.ts';
import { type Taught, taughtOn } from '../learning/taught.ts';
import { hasNoDetector } from '../no-detector.ts';
import { Announcement } from './announcement.ts';
import { cameraComponents, taughtComponents } from './camera-components.ts';
import { type Component, type DeviceId, toldApart } from './component.ts';
import { deviceNames, title } from './names.ts';
import { nodeComponents } from './node-components.ts';

/** A message is not larger than this, whatever the broker takes: some 800 entities. */
const largestMessage = 256 * 1024;
/** Room for the topic, the header and the properties of PUBLISH. */
const headerBytes = 256;

/** The discovery messages of a node and its cameras, rebuilt when their content changes. */
export class Discovery {
  readonly #prefix: string;
  readonly #consoleUrl: () => string | undefined;
  readonly #hasUpdates: boolean;
  readonly #announcements = new Map<string, Announcement>();
  /** By topic, what does not change with what is taught, and what it was made from. */
  readonly #made = new Map<string, { readonly basis: string; readonly components: readonly Component[] }>();
  /** What an earlier run left is known; before, a message would overwrite it unread. */
  #hasScanned = false;
  /** As they were built last. */
  #messages: ReadonlyMap<string, string | undefined> = new Map();
  /** What they were built from; undefined: they have to be built again in any case. */
  #basis: string | undefined;
  #mayDiffer = true;
  #packetSize = Number.POSITIVE_INFINITY;
  readonly #saidLeftOut = new Set<string>();

  /** @param prefix Of all topics of discovery. @param hasUpdates The node tells of updates on `update`. */
  constructor(prefix: string, consoleUrl: () => string | undefined, hasUpdates = false) {
    this.#prefix = prefix;
    this.#hasUpdates = hasUpdates;
    this.#consoleUrl = consoleUrl;
  }

  /** Below it are a node's messages. */
  root(node: string): string {
    return `${this.#prefix}/device/ocellus_${node}`;
  }

  /** What an earlier run left on a topic. */
  found(topic: string, payload: Buffer): void {
    if (this.#announcement(topic).found(payload)) this.#buildAgain();
  }

  /** What to tell `found()` in another run. */
  remembered(topic: string): string | undefined {
    return this.#announcements.get(topic)?.remembered;
  }

  /** All that an earlier run left was told. */
  scanned(): void {
    if (!this.#hasScanned) this.#buildAgain();
    this.#hasScanned = true;
  }

  /** Something that is told may be another now. */
  changed(): void {
    this.#mayDiffer = true;
  }

  /** Home Assistant has started and reads them all: what they took back is gone. */
  settle(): void {
    for (const announcement of this.#announcements.values()) announcement.settle();
    this.#buildAgain();
  }

  forget(): void {
    this.#announcements.clear();
    this.#made.clear();
    this.#messages = new Map();
    this.#hasScanned = false;
    this.#buildAgain();
  }

  /**
   * What should be retained, by topic; undefined: whatever is there is left.
   *
   * @param versions Of the model; null: there is nothing to say of it; undefined: it is not known yet.
   */
  wanted(context: HubContext, versions: string | null | undefined): ReadonlyMap<string, string | undefined> {
    const packetSize = context.link?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    if (!this.#mayDiffer && packetSize === this.#packetSize) return this.#messages;
    this.#mayDiffer = false;
    this.#packetSize = packetSize;
    const { node } = context;
    const known: Known = {
      ...{ versions, senses: node.senses, url: httpUrl(this.#consoleUrl()), hasNoDetector: hasNoDetector(node) },
      taught: taughtOn(node.learning, node.pipelines.keys()),
    };
    // Making them is by far the most that a node does for Home Assistant, and what is told of it seldom changes.
    const basis = basisOf(node, known, packetSize);
    if (basis !== this.#basis) this.#messages = this.#build(context, known);
    this.#basis = basis;
    return this.#messages;
  }

  #buildAgain(): void {
    this.#mayDiffer = true;
    this.#basis = undefined;
  }

  #announcement(topic: string): Announcement {
    let announcement = this.#announcements.get(topic);
    if (!announcement) this.#announcements.set(topic, (announcement = new Announcement()));
    return announcement;
  }

  #build(context: HubContext, known: Known): ReadonlyMap<string, string | undefined> {
    const { node, topics } = context;
    const root = this.root(node.name);
    const messages = new Map<string, string | undefined>();
    // The node first: its cameras are reached by way of it.
    const { senses, versions, url, taught } = known;
    const isReady = this.#hasScanned && versions !== undefined && senses !== undefined;
    const id: DeviceId = { id: `ocellus_${node.name}`, prefix: node.name };
    const status = { t: topics.status };
    const ids = new Set<string>();
    const names = deviceNames(node.name, node.pipelines.keys());
    const make = (topic: string, dev: object, avty: object[], components: readonly Component[]) =>
      this.#message(
        context.logger,
        topic,
        { dev, o: { name: 'Ocellus', sw: packageVersion() }, avty, avty_mode: 'all' },
        toldApart(components, ids),
      );
    const about = { mf: 'Ocellus', sw: packageVersion(), ...(url && { cu: url }) };
    const ofNode = `${root}/config`;
    const hasModelVersions = typeof versions === 'string';
    messages.set(
      ofNode,
      isReady
        ? make(
            ofNode,
            { ids: [id.id], name: title(node.name), mdl: 'Node', ...about },
            [status],
            this.#components(ofNode, [id, senses, hasModelVersions], () =>
              nodeComponents(id, topics, senses, { hasModelVersions, hasUpdates: this.#hasUpdates }),
            ),
          )
        : undefined,
    );
    for (const camera of node.pipelines.values()) {
      const topic = `${root}/${camera.name}/config`;
      const mine: DeviceId = { id: `${id.id}:${camera.name}`, prefix: names.get(camera.name)!.prefix };
      const device = {
        ids: [mine.id],
        name: names.get(camera.name)!.title,
        mdl: 'Camera',
        via_device: id.id,
        ...about,
      };
      // `disabled` is a state of its own on this topic, and Home Assistant would take it for nothing.
      const seeing = {
        t: topics.camera(camera.name).status,
        val_tpl: "{{ 'online' if value == 'online' else 'offline' }}",
      };
      const knows = isReady && taught && (known.hasNoDetector || hasLabels(camera, node.card?.labels));
      if (!knows) {
        messages.set(topic, undefined);
        continue;
      }
      const own = taught.get(camera.name);
      const components = this.#components(topic, [mine, shapeOf(camera), own !== undefined], () =>
        cameraComponents(mine, camera, topics, own !== undefined),
      );
      const all = own ? [...components, ...taughtComponents(mine, camera, topics, own)] : components;
      messages.set(topic, make(topic, device, [status, seeing], all));
    }
    if (versions !== null) messages.set(topics.model, versions);
    return messages;
  }

  /** As they were made last, if from the same. */
  #components(topic: string, from: unknown, make: () => readonly Component[]): readonly Component[] {
    const basis = JSON.stringify(from);
    const made = this.#made.get(topic);
    if (made?.basis === basis) return made.components;
    const components = make();
    this.#made.set(topic, { basis, components });
    return components;
  }

  #message(logger: Logger, topic: string, head: object, components: readonly Component[]): string {
    const announcement = this.#announcement(topic);
    const maxBytes = Math.min(this.#packetSize, largestMessage) - headerBytes;
    const message = announcement.message(head, components, maxBytes);
    const { leftOut } = announcement;
    if (leftOut > 0 && !this.#saidLeftOut.has(topic)) {
      this.#saidLeftOut.add(topic);
      logger.warn(
        `Home Assistant: ${leftOut} of ${components.length} entities on ${topic} are left out: the message may have ${maxBytes} bytes. Watch fewer labels or zones to have them all.`,
      );
    }
    return message;
  }
}

/** What messages are made of, beside the cameras. */
interface Known {
  readonly versions: string | null | undefined;
  readonly senses: HubNode['senses'];
  readonly url: string | undefined;
  readonly hasNoDetector: boolean;
  readonly taught: ReadonlyMap<string, Taught> | undefined;
}

/** Differs when messages would, and costs a hundredth of them. */
function basisOf(node: HubNode, { versions, taught, ...known }: Known, packetSize: number): string {
  const cameras = [...node.pipelines.values()].map(shapeOf);
  // JSON has no undefined: what is not known yet is another thing than what is not there.
  const unknown = [versions === undefined, taught === undefined];
  return JSON.stringify([packetSize, versions, unknown, known, node.card?.labels, cameras, [...(taught ?? [])]]);
}

/** Of a camera all that its components are made of. */
const shapeOf = ({ name, settings, counts }: HubCamera) => [
  name,
  settings,
  counts.map(({ label, zone }) => [label, zone]),
];

/**
 * Whether its labels are known. Before its model is loaded they are not; a camera that watches nothing the model knows
 * has none.
 */
function hasLabels({ counts, settings }: HubCamera, known: readonly string[] = []): boolean {
  const { labels } = settings.detect;
  return counts.length > 0 || (labels.length > 0 && !labels.some((label) => known.includes(label)));
}

const httpUrl = (text: string | undefined): string | undefined =>
  text !== undefined && /^https?:\/\/./.test(text) && URL.canParse(text) ? text : undefined;
