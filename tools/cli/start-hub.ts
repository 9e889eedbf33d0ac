import type { Logger } from '../../sdk/base/log.ts';
import { dataFolder } from '../../sdk/config/data-folder.ts';
import type { MqttSettings, Settings } from '../../sdk/config/schema.ts';
import type { EmbeddedBroker } from '../../sdk/hub/broker/broker.ts';
import { brokerAddress } from '../../sdk/hub/connection/address.ts';
import type { KeptSettings } from '../../sdk/hub/extensions/requests/verbs/verb.ts';
import { Hub } from '../../sdk/hub/hub.ts';
import type { Node } from '../../sdk/pipeline/node.ts';
import type { NodeUpdates } from '../../sdk/update/node-updates.ts';

export interface AroundHub {
  readonly logger: Logger;
  /** What has to be stopped with it. */
  readonly parts: { stop(): Promise<void> }[];
  readonly restart: () => void;
  readonly consoleUrl: () => string | undefined;
  readonly updates?: NodeUpdates | undefined;
  /** Where changes of settings are written. Default: nowhere. */
  readonly kept?: KeptSettings | undefined;
  /** The one that runs already. Default: it is started where the settings say so, and stopped with the parts. */
  readonly own?: EmbeddedBroker | undefined;
}

/** Starts the broker inside this process, if the settings say so. */
export async function startOwnBroker(
  { broker, host, port, users }: MqttSettings,
  logger: Logger,
): Promise<EmbeddedBroker | undefined> {
  if (broker !== 'embedded') return undefined;
  const { startBroker } = await import('../../sdk/hub/broker/broker.ts');
  return startBroker({ host, port, users, logger });
}

/**
 * Starts the hub of a node, and the embedded broker if the settings say so.
 *
 * @returns The hub, and the broker's address without a password. Undefined when MQTT is off.
 */
export async function startHub(
  node: Node,
  settings: Settings,
  around: AroundHub,
): Promise<{ hub: Hub; title: string } | undefined> {
  const { logger, parts, restart, consoleUrl, updates, kept } = around;
  const { broker, users } = settings.mqtt;
  if (broker === 'off') return undefined;
  let mqtt = settings.mqtt;
  // It is printed and shown on the page, so without a password.
  let title: string;
  let maximumPacketSize: number | undefined;
  const own = around.own ?? (await startOwnBroker(mqtt, logger));
  if (own) {
    if (!around.own) parts.push({ stop: own.stop });
    mqtt = { ...mqtt, broker: own.url, ...own.login };
    ({ maximumPacketSize } = own);
    const { url } = own;
    const [user] = Object.keys(users);
    title = user === undefined ? url : url.replace('://', `://${encodeURIComponent(user)}@`);
  } else {
    title = brokerAddress(broker, mqtt).title;
  }
  // systemd says so to the process it started itself, and to no child of it.
  const isWatchedOver = process.env.SYSTEMD_EXEC_PID === String(process.pid);
  const restartProcess = isWatchedOver ? restart : undefined;
  const hub = new Hub({
    node,
    settings: mqtt,
    data: dataFolder(settings),
    keep: settings.storage.keep,
    maximumPacketSize,
    restartProcess,
    consoleUrl,
    updates,
    kept,
    logger,
  });
  parts.push(hub);
  await hub.start();
  return { hub, title };
}
