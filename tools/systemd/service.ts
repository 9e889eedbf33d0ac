import type { Logger } from '../../sdk/base/log.ts';
import { longestTimerMs } from '../../sdk/base/timers.ts';
import type { NodeStats } from '../../sdk/pipeline/node.ts';
import { stuckCameras } from '../../sdk/pipeline/progress.ts';
import { Notifier, type NotifySettings } from './notifier.ts';

/** Between two looks where the unit has no `WatchdogSec=`. */
const statusIntervalMs = 10_000;

/** What is asked of a node; a `Node` is one. */
export interface ServiceNode {
  readonly pipelines: ReadonlyMap<string, { readonly status: string }>;
  stats(): Pick<NodeStats, 'cameras'>;
}

export interface ServiceOptions {
  settings: NotifySettings;
  node: ServiceNode;
  /** Whether the broker is connected; undefined without one. */
  connected: () => boolean | undefined;
  logger: Logger;
}

/**
 * A node as a service of systemd: says when its cameras run, how they are, and that it is alive. It is not while frames
 * come and none of them is finished: the watchdog then restarts it. A camera or a broker that is away is no reason.
 */
export class Service {
  readonly #options: ServiceOptions;
  readonly #notifier: Notifier;
  #timer: NodeJS.Timeout | undefined;
  #status: string | undefined;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#notifier = new Notifier(options.settings.socket, options.logger);
  }

  /** The cameras run. From now on the watchdog is fed. */
  ready(): Promise<void> {
    const { watchdogMs } = this.#options.settings;
    const beatMs = watchdogMs === undefined ? statusIntervalMs : Math.min(watchdogMs / 2, longestTimerMs);
    this.#timer = setInterval(() => void this.#beat(), beatMs);
    this.#status = this.#describe();
    return this.#notifier.tell('READY=1', `STATUS=${this.#status}`);
  }

  /** The node is about to stop. */
  stopping(): Promise<void> {
    clearInterval(this.#timer);
    return this.#notifier.tell('STOPPING=1', 'STATUS=stopping');
  }

  #beat(): Promise<void> {
    const { settings, node, logger } = this.#options;
    const stuck = stuckCameras(node.stats());
    const status = stuck.length === 0 ? this.#describe() : `stuck: ${stuck.join(', ')}`;
    const isNew = status !== this.#status;
    this.#status = status;
    if (stuck.length > 0 && isNew) {
      logger.error(`frames come and none is finished: ${stuck.join(', ')}; the watchdog is not fed any more`);
    }
    const assignments = [
      ...(settings.watchdogMs !== undefined && stuck.length === 0 ? ['WATCHDOG=1'] : []),
      ...(isNew ? [`STATUS=${status}`] : []),
    ];
    return assignments.length === 0 ? Promise.resolve() : this.#notifier.tell(...assignments);
  }

  #describe(): string {
    const { node, connected } = this.#options;
    const cameras = [...node.pipelines].map(([name, { status }]) => `${name} ${status}`);
    const broker = connected();
    const mqtt = broker === undefined ? [] : [`MQTT ${broker ? 'connected' : 'not connected'}`];
    return [...cameras, ...mqtt].join(', ');
  }
}
