import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { dataFolder } from '../../../sdk/config/data-folder.ts';
import type { Settings } from '../../../sdk/config/schema.ts';
import { readSettings, resolveSettings, type SettingsInput, updateSettings } from '../../../sdk/config/settings.ts';
import { InputError, messageOf } from '../../../sdk/errors.ts';
import { brokerAddress } from '../../../sdk/hub/address.ts';
import { Hub } from '../../../sdk/hub/hub.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import type { Logger } from '../../../sdk/log.ts';
import { Node } from '../../../sdk/pipeline/node.ts';
import { type LogLevel, logLevels, terminalLogger } from '../output.ts';
import { hashPasswords } from '../passwords.ts';
import { onStop } from '../signals.ts';
import { wholeNumber } from '../values.ts';

interface RunOptions {
  config?: string;
  source?: string;
  camera?: string;
  node?: string;
  broker?: string;
  mqttPort?: number;
  host?: string;
  port?: number;
  model?: string;
  console: boolean;
  log: LogLevel;
}

const defaultFile = 'ocellus.yaml';
/** EX_TEMPFAIL: systemd starts it again with `Restart=on-failure` as well as with `always`. */
const restartExitCode = 75;

export function addRun(program: Command): void {
  program
    .command('run')
    .description('run the cameras: detections on MQTT and on a live page')
    .option('-c, --config <file>', `settings file (default: ./${defaultFile}, if there is one)`)
    .option('-s, --source <uri>', 'auto:, scene:, libcamera:, v4l2:/dev/video0, rtsp://…, file:PATH')
    .option('--camera <name>', 'name of the camera that --source is for')
    .option('--node <name>', 'name of this board in the topics')
    .option('--broker <url>', 'mqtt://host:1883, embedded (default) or off')
    .option('--mqtt-port <port>', 'port of the embedded broker', wholeNumber)
    .option('--host <address>', 'address the page listens on; other than 127.0.0.1 it needs console.password')
    .option('--port <port>', 'port of the page', wholeNumber)
    .option('--model <name or file>', 'detector: a name of `ocellus models`, an ONNX file, or a card')
    .option('--no-console', 'no page')
    .addOption(new Option('--log <level>', 'what is told').choices(logLevels).default('info'))
    .addHelpText('after', '\nWhat is said here goes before the settings file. docs/settings.md lists all settings.')
    .action(run);
}

async function run(options: RunOptions): Promise<void> {
  const file = resolve(options.config ?? defaultFile);
  const written = await readSettings(file, options.config !== undefined);
  // Alone first, so that a wrong option is not said to be in the file.
  resolveSettings(written, options.config ?? defaultFile);
  const given = resolveSettings(withOptions(written, options), 'what the command line says');
  const logger = terminalLogger(options.log);
  const settings = await hashPasswords(given, { file, written, logger });
  logger.info(`kernels: ${kernels.name}`);
  const node = new Node(settings, { logger });
  const parts: { stop(): Promise<void> }[] = [];
  let exitCode = 0;
  const restart = () => {
    // A second signal would end it at once.
    if (exitCode === restartExitCode) return;
    exitCode = restartExitCode;
    process.kill(process.pid, 'SIGTERM');
  };
  const stopAll = async () => {
    // Cameras first: what they still have to say goes out before the hub leaves.
    await node.stop();
    for (const part of parts.reverse()) await part.stop();
  };
  const stopped = onStop(async () => {
    logger.info('stopping');
    await stopAll();
  });
  try {
    await node.start({
      before: async () => {
        keepChanges(node, file, logger);
        let pageUrl: string | undefined;
        const mqttUrl = await startHub(node, settings, { logger, parts, restart, consoleUrl: () => pageUrl });
        if (settings.console.enabled) {
          // Read in only where it is wanted: the other commands start faster without it.
          const { Console } = await import('../../console/server/console.ts');
          const page = new Console({ node, mqttUrl, ...settings.console, logger });
          parts.push(page);
          const { url } = await page.start();
          if (!/^https?:..(localhost|127\.|\[::1\])/.test(url)) pageUrl = url;
          console.log(`Ocellus is running: ${url}`);
        } else {
          console.log('Ocellus is running.');
        }
        if (mqttUrl) console.log(`MQTT: ${mqttUrl} (topics ${settings.mqtt.base}/${settings.node}/#)`);
      },
    });
  } catch (error) {
    await stopAll();
    throw error;
  }
  await stopped;
  process.exit(exitCode);
}

async function startHub(
  node: Node,
  settings: Settings,
  around: {
    logger: Logger;
    parts: { stop(): Promise<void> }[];
    restart: () => void;
    consoleUrl: () => string | undefined;
  },
): Promise<string | undefined> {
  const { logger, parts, restart, consoleUrl } = around;
  const { broker, host, port, users } = settings.mqtt;
  if (broker === 'off') return undefined;
  let mqtt = settings.mqtt;
  // It is printed and shown on the page, so without a password.
  let title: string;
  if (broker === 'embedded') {
    const { startBroker } = await import('../../../sdk/hub/broker.ts');
    const { url, login, stop } = await startBroker({ host, port, users, logger });
    parts.push({ stop });
    mqtt = { ...mqtt, broker: url, ...login };
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
    restartProcess,
    consoleUrl,
    logger,
  });
  parts.push(hub);
  await hub.start();
  return title;
}

/** What is changed on the page or over MQTT is written to the settings file. */
function keepChanges(node: Node, file: string, logger: Logger): void {
  // One after the other: two writers would lose one of the changes.
  let last = Promise.resolve();
  for (const pipeline of node.pipelines.values()) {
    pipeline.on('settings', (change) => {
      last = last
        .then(() => updateSettings(file, { cameras: { [pipeline.name]: change } }))
        .catch((error) => logger.error(`the change is in use, but ${file} could not be written: ${messageOf(error)}`));
    });
  }
}

/** Lays the command line over the settings file. What is wrong in the file stays, for the check of its fields. */
export function withOptions(input: SettingsInput, options: Omit<RunOptions, 'log' | 'config'>): SettingsInput {
  return over(input, {
    node: options.node,
    cameras: camerasWith(input?.cameras, options),
    core: over(input?.core, { model: options.model }),
    mqtt: over(input?.mqtt, { broker: options.broker, port: options.mqttPort }),
    console: over(input?.console, {
      host: options.host,
      port: options.port,
      enabled: options.console ? undefined : false,
    }),
  }) as SettingsInput;
}

function camerasWith(cameras: unknown, { source, camera }: { source?: string; camera?: string }): unknown {
  if ((source === undefined && camera === undefined) || !isFields(cameras ?? {})) return cameras;
  const given = (cameras ?? {}) as SettingsInput;
  const names = Object.keys(given);
  if (camera === undefined && names.length > 1) {
    throw new InputError(
      `--source: the settings file has several cameras; say with --camera which one: ${names.join(', ')}`,
    );
  }
  const name = camera ?? names[0] ?? 'camera';
  return { ...given, [name]: over(given[name], { source }) };
}

/** Fields with those of `change` that are given in their place. */
function over(fields: unknown, change: SettingsInput): unknown {
  if (!isFields(fields ?? {})) return fields;
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  return { ...(fields as SettingsInput), ...Object.fromEntries(given) };
}

function isFields(value: unknown): boolean {
  return typeof value === 'object' && !Array.isArray(value);
}
