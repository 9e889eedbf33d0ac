import { packageVersion } from '../../../base/assets.ts';
import type { Logger } from '../../../base/log.ts';
import type { HubContext } from '../extension.ts';
import type { HubCamera } from '../hub-node.ts';
import { taughtOn } from '../learning/taught.ts';
import { hasNoDetector } from '../no-detector.ts';
import { Announcement } from './announcement.ts';
import { cameraComponents } from './camera-components.ts';
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
  /** What an earlier run left is known; before, a message would overwrite it unread. */
  #hasScanned = false;
  /** As they were built last. */
  #messages: ReadonlyMap<string, string | undefined> = new Map();
  #mustBuild = true;
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
    this.#announcement(topic).found(payload);
  }

  /** What to tell `found()` in another run. */
  remembered(topic: string): string | undefined {
    return this.#announcements.get(topic)?.remembered;
  }

  /** All that an earlier run left was told. */
  scanned(): void {
    this.#hasScanned = true;
    this.changed();
  }

  /** Something that is told is another now. */
  changed(): void {
    this.#mustBuild = true;
  }

  /** Home Assistant has started and reads them all: what they took back is gone. */
  settle(): void {
    for (const announcement of this.#announcements.values()) announcement.settle();
    this.changed();
  }

  forget(): void {
    this.#announcements.clear();
    this.#messages = new Map();
    this.#hasScanned = false;
    this.changed();
  }

  /**
   * What should be retained, by topic; undefined: whatever is there is left.
   *
   * @param versions Of the model; null: there is nothing to say of it; undefined: it is not known yet.
   */
  wanted(context: HubContext, versions: string | null | undefined): ReadonlyMap<string, string | undefined> {
    const packetSize = context.link?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    if (this.#mustBuild || packetSize !== this.#packetSize) {
      this.#packetSize = packetSize;
      this.#messages = this.#build(context, versions);
      this.#mustBuild = false;
    }
    return this.#messages;
  }

  #announcement(topic: string): Announcement {
    let announcement = this.#announcements.get(topic);
    if (!announcement) this.#announcements.set(topic, (announcement = new Announcement()));
    return announcement;
  }

  #build(context: HubContext, versions: string | null | undefined): ReadonlyMap<string, string | undefined> {
    const { node, topics } = context;
    const root = this.root(node.name);
    const messages = new Map<string, string | undefined>();
    // The node first: its cameras are reached by way of it.
    const { senses } = node;
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
    const url = httpUrl(this.#consoleUrl());
    const about = { mf: 'Ocellus', sw: packageVersion(), ...(url && { cu: url }) };
    messages.set(
      `${root}/config`,
      isReady
        ? make(
            `${root}/config`,
            { ids: [id.id], name: title(node.name), mdl: 'Node', ...about },
            [status],
            nodeComponents(id, topics, senses, {
              hasModelVersions: typeof versions === 'string',
              hasUpdates: this.#hasUpdates,
            }),
          )
        : undefined,
    );
    const taught = taughtOn(node.learning, node.pipelines.keys());
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
      const knows = isReady && taught && (hasNoDetector(node) || hasLabels(camera, node.card?.labels));
      const components = knows ? cameraComponents(mine, camera, topics, taught.get(camera.name)) : [];
      messages.set(topic, knows ? make(topic, device, [status, seeing], components) : undefined);
    }
    if (versions !== null) messages.set(topics.model, versions);
    return messages;
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
