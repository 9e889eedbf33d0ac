import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { describeBoard } from '../../../devices/index.ts';
import { collectGarbage } from '../../../sdk/base/collect-garbage.ts';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import type { Logger } from '../../../sdk/base/log.ts';
import { withInertiaOfCameras } from '../../../sdk/config/inertia.ts';
import { chooseProfile } from '../../../sdk/config/profile.ts';
import { resolveSettings, type SettingsInput } from '../../../sdk/config/settings.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import { type NotifySettings, takeNotifySettings } from '../../systemd/notifier.ts';
import { Service } from '../../systemd/service.ts';
import { CardUpdates, cardOf } from '../card-updates.ts';
import { endOnFault, endWithFault } from '../faults.ts';
import { keepSettings, readSettingsOrKept } from '../kept-settings.ts';
import { type LogFormat, type LogLevel, logFormats, logLevels, makeLogger } from '../logger.ts';
import { NodeRun } from '../node-run.ts';
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
  setup?: string;
  log: LogLevel;
  logFormat: LogFormat;
}

export const defaultFile = 'ocellus.yaml';
/** EX_TEMPFAIL: systemd restarts it with `Restart=on-failure` as well as with `always`. */
const restartExitCode = 75;
/** After that, what only the start needed is collected. */
const startedAfterMs = 10_000;
/** What pictures and V8's compiler had from malloc goes back to the system. */
const releaseMemoryEveryMs = 1000;

export function addRun(program: Command): void {
  program
    .command('run')
    .description('run the cameras: detections on MQTT and on a live page')
    .option('-c, --config <file>', `settings file (default: ./${defaultFile}, if there is one)`)
    .option(
      '-s, --source <uri>',
      'auto:, scene:, libcamera:, v4l2:/dev/video0, rtsp://…, file:PATH, pipe:PATH, or - for standard input',
    )
    .option('--camera <name>', 'name of the camera for --source')
    .option('--node <name>', 'name of this board in the topics')
    .option('--broker <url>', 'mqtt://host:1883, embedded (default) or off')
    .option('--mqtt-port <port>', 'port of the embedded broker', wholeNumber)
    .option('--host <address>', 'address the page listens on; other than 127.0.0.1 it needs console.password')
    .option('--port <port>', 'port of the page', wholeNumber)
    .option('--model <name or file>', 'detector: a name of `ocellus models`, an ONNX file, or a card')
    .option('--no-console', 'no page')
    .addOption(
      new Option(
        '--setup <folder>',
        'without a settings file, ask for settings on a page first, by the code that `ocellus first-boot` left in this folder',
      ).env('OCELLUS_SETUP'),
    )
    .addOption(new Option('--log <level>', 'minimum level').choices(logLevels).default('info'))
    .addOption(
      new Option('--log-format <format>', 'for people, or JSON lines for programs').choices(logFormats).default('text'),
    )
    .addHelpText('after', '\nOptions take precedence over the settings file. docs/settings.md lists all settings.')
    .action(run);
}

async function run(options: RunOptions): Promise<void> {
  const logger = await makeLogger(options.log, options.logFormat);
  try {
    const { code, clean } = await runNode(options, logger);
    if (clean) process.exit(code);
    endWithFault(clean);
  } catch (error) {
    if (options.logFormat === 'text') throw error;
    logger.error(messageOf(error));
    process.exit(error instanceof InputError ? 2 : 1);
  }
}

/** Runs until it is asked to stop. @returns The exit code; `clean` is false when something could not be stopped. */
async function runNode(options: RunOptions, logger: Logger): Promise<{ code: number; clean: boolean }> {
  const file = resolve(options.config ?? defaultFile);
  const notify = takeNotifySettings(process.env);
  const setupErrors =
    options.setup === undefined ? [] : await askForSettings(file, options.setup, options, notify, logger);
  const card = cardOf();
  const written = await readSettingsOrKept(file, options.config !== undefined, card?.version, logger);
  // Separately first, so that a wrong option is not reported as being in the file.
  resolveSettings(written, options.config ?? defaultFile);
  withInertiaOfCameras(written, (note) => logger.warn(`${options.config ?? defaultFile}: ${note}`));
  const board = describeBoard();
  const given = resolveSettings(withOptions(written, options), 'the command line', board);
  const settings = await hashPasswords(given, { file, written, logger });
  const announce = options.logFormat === 'text' ? (line: string) => console.log(line) : logger.info.bind(logger);
  const { name: profile } = chooseProfile(settings.core.profile, board);
  logger.info(`board: ${board.model}, profile ${profile}; kernels: ${kernels.name}`);
  let restarts = false;
  const restart = () => {
    // A second signal would end it at once.
    if (restarts) return;
    restarts = true;
    process.kill(process.pid, 'SIGTERM');
  };
  // Made below: the node changes when the page changes what runs.
  const node = {
    get pipelines() {
      return running.node.pipelines;
    },
    stats: () => running.node.stats(),
  };
  const connected = () => running.connected;
  const updates = card && new CardUpdates(card, { settings, node, connected, logger });
  const running: NodeRun = new NodeRun(settings, {
    ...{ file, logger, announce, setupErrors, restart, updates: updates?.updates },
    given: { node: options.node, host: options.host, source: options.source, camera: options.camera },
    resolve: (input, { source, camera }) => {
      const wanted = withOptions(input, { ...options, source, camera });
      return hashPasswords(resolveSettings(wanted, 'these settings', board), { file, written: input, logger });
    },
  });
  const service = notify && new Service({ settings: notify, node, connected, logger });
  let stopping: Promise<boolean> | undefined;
  const stopEverything = async () => {
    const told = service?.stopping();
    const clean = await running.stop();
    await updates?.stop();
    await told;
    return clean;
  };
  const stopAll = () => (stopping ??= stopEverything());
  endOnFault(logger, stopAll);
  const stopped = onStop(() => {
    logger.info('stopping');
    return stopAll();
  });
  try {
    await updates?.start();
    await running.start();
  } catch (error) {
    await stopAll();
    throw error;
  }
  if (!stopping) void service?.ready();
  setTimeout(collectGarbage, startedAfterMs).unref();
  if (card) setTimeout(() => void keepSettings(file, card.version, logger), startedAfterMs).unref();
  setInterval(() => kernels.releaseMemory(), releaseMemoryEveryMs).unref();
  const clean = await stopped;
  return { code: restarts ? restartExitCode : 0, clean };
}

/** On a card, which may have no settings yet. @returns What was wrong in the files on it. */
async function askForSettings(
  ...[file, folder, { port }, notify, logger]: [string, string, RunOptions, NotifySettings | undefined, Logger]
): Promise<readonly string[]> {
  const { setUp } = await import('../set-up.ts');
  return setUp({ file, folder, port, notify, logger });
}

/** Merges the command line into the settings file. Wrong values of the file are left for validation. */
export function withOptions(
  input: SettingsInput,
  options: Omit<RunOptions, 'log' | 'logFormat' | 'config' | 'setup'>,
): SettingsInput {
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
  const named = Object.keys(given);
  // One that the page wrote to the file stays the one that is meant.
  const alike = named.filter((name) => (given[name] as SettingsInput | null)?.source === source);
  const names = camera === undefined && source !== undefined && alike.length === 1 ? alike : named;
  if (camera === undefined && names.length > 1) {
    throw new InputError(
      `--source: the settings file has several cameras; choose one with --camera: ${names.join(', ')}`,
    );
  }
  const name = camera ?? names[0] ?? 'camera';
  return { ...given, [name]: over(given[name], { source }) };
}

/** Fields, overridden by those of `change` that are set. */
function over(fields: unknown, change: SettingsInput): unknown {
  if (!isFields(fields ?? {})) return fields;
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  return { ...(fields as SettingsInput), ...Object.fromEntries(given) };
}

function isFields(value: unknown): boolean {
  return typeof value === 'object' && !Array.isArray(value);
}
