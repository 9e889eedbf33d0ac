import { messageOf } from '../../sdk/base/errors.ts';
import type { Logger } from '../../sdk/base/log.ts';
import type { Settings } from '../../sdk/config/schema.ts';
import { kernels } from '../../sdk/kernels/kernels.ts';
import type { Node } from '../../sdk/pipeline/node.ts';
import { UpdateFiles } from '../../sdk/update/node-updates.ts';
import { HealthFile } from '../update/health-file.ts';
import { describeSystem, type System } from '../update/system.ts';

/** The first look at the release of the settings, when the network is there; then once a day. */
const firstLookMs = 120_000;
const lookEveryMs = 24 * 3600 * 1000;

/** The card that this runs from, if it has two systems and systemd gave the service a run folder. */
export function cardOf(env: NodeJS.ProcessEnv = process.env): System | undefined {
  const [service] = env.RUNTIME_DIRECTORY?.split(':') ?? [];
  if (!service) return undefined;
  try {
    return { ...describeSystem(), service };
  } catch {
    return undefined;
  }
}

/** What a node on such a card does about updates: says how it is, tells what there is, and asks for one. */
export class CardUpdates {
  readonly updates: UpdateFiles;
  readonly #health: HealthFile;
  readonly #settings: Settings;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;

  /** @param connected Of the broker; undefined without one. */
  constructor(
    card: System,
    {
      settings,
      node,
      connected,
      logger,
    }: {
      settings: Settings;
      node: Pick<Node, 'pipelines' | 'stats'>;
      connected: () => boolean | undefined;
      logger: Logger;
    },
  ) {
    this.#settings = settings;
    this.#logger = logger;
    this.updates = new UpdateFiles({ root: card.run, own: card.service }, settings.update.release);
    const { broker } = settings.mqtt;
    this.#health = new HealthFile(
      card.service,
      {
        frames: () => {
          const { cameras } = node.stats();
          const enabled = [...node.pipelines].filter(([, { settings: own }]) => own.enabled);
          return new Map(enabled.map(([name]) => [name, cameras[name]?.device.frames ?? 0]));
        },
        connected,
        broker: broker === 'embedded' || broker === 'off' ? undefined : broker,
        kernels: kernels.name,
      },
      logger,
    );
  }

  async start(): Promise<void> {
    await this.updates.start();
    this.#health.start();
    if (this.#settings.update.release !== undefined) this.#lookIn(firstLookMs);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.updates.stop();
    this.#health.stop();
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => {
      this.updates
        .request({ install: false })
        .catch((error: unknown) => this.#logger.warn(`the release cannot be looked at: ${messageOf(error)}`));
      this.#lookIn(lookEveryMs);
    }, ms);
    this.#timer.unref();
  }
}
