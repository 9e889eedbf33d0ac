import type { Logger } from '../../sdk/base/log.ts';
import { dataFolder } from '../../sdk/config/data-folder.ts';
import type { Settings } from '../../sdk/config/schema.ts';
import { brokerAddress } from '../../sdk/hub/connection/address.ts';
import { Hub } from '../../sdk/hub/hub.ts';
import type { Node } from '../../sdk/pipeline/node.ts';
import type { NodeUpdates } from '../../sdk/update/node-updates.ts';

/**
 * Starts the hub of a node, and the embedded broker if the settings say so.
 *
 * @returns The hub, and the broker's address without a password. Undefined when MQTT is off.
 */
export async function startHub(
  node: Node,
  settings: Settings,
  around: {
    logger: Logger;
    parts: { stop(): Promise<void> }[];
    restart: () => void;
    consoleUrl: () => string | undefined;
    updates?: NodeUpdates | undefined;
  },
): Promise<{ hub: Hub; title: string } | undefined> {
  const { logger, parts, restart, consoleUrl, updates } = around;
  const { broker, host, port, users } = settings.mqtt;
  if (broker === 'off') return undefined;
  let mqtt = settings.mqtt;
  // It is printed and shown on the page, so without a password.
  let title: string;
  let maximumPacketSize: number | undefined;
  if (broker === 'embedded') {
    const { startBroker } = await import('../../sdk/hub/broker/broker.ts');
    const own = await startBroker({ host, port, users, logger });
    parts.push({ stop: own.stop });
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
    logger,
  });
  parts.push(hub);
  await hub.start();
  return { hub, title };
}
