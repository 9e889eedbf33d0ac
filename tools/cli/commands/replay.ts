import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { readRecordingInfo } from '../../../devices/recording/info.ts';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import { CoreSettings } from '../../../sdk/config/schema.ts';
import { validate } from '../../../sdk/config/validate.ts';
import { Pipeline } from '../../../sdk/pipeline/pipeline.ts';
import type { EventMessage } from '../../../sdk/vision/event.ts';
import { oneLine, paint } from '../../shared/output.ts';
import { eventDifferences } from '../event-differences.ts';
import { textLogger } from '../logger.ts';
import { type ModelOptions, withModelOptions } from '../model-options.ts';
import { fraction, labelList } from '../values.ts';
import { assertKnown, eventInWords, exitWith, openModel, runToEnd, sayNothingHappened } from '../watching.ts';

interface ReplayOptions extends ModelOptions {
  json?: boolean;
  speed: 'realtime' | 'max';
  expect?: string;
  labels?: string[];
  threshold?: number;
  gate: boolean;
}

export function addReplay(program: Command): void {
  const command = program
    .command('replay')
    .description('run a recording through the pipeline: the same events with the same ids each time')
    .argument('<folder>', 'a folder from `ocellus record`')
    .option('--json', 'one JSON line per event, as from `ocellus watch --json`')
    .addOption(new Option('--speed <speed>', 'full speed, or as recorded').choices(['realtime', 'max']).default('max'))
    .option('--expect <file>', 'events of an earlier run (JSON lines): on a difference, prints it and exits with 1');
  withModelOptions(command, 'a detector other than that of the recording')
    .option('--labels <list>', 'other labels, comma-separated; `all` for all of the model', labelList)
    .option('--threshold <0..1>', 'another minimum score', fraction)
    .option('--no-gate', 'run the network on every frame, even while nothing moves')
    .addHelpText('after', '\nThe camera’s settings are those it was recorded with. See docs/recording.md.')
    .action(replay);
}

async function replay(folder: string, options: ReplayOptions): Promise<void> {
  const { labels, threshold, threads, engine } = options;
  const info = await readRecordingInfo(resolve(folder));
  const expected = options.expect === undefined ? undefined : await readEvents(options.expect);
  const core = validate(CoreSettings, { model: options.model ?? info.model, threads, engine }, 'core');
  const model = await openModel(core);
  if (model) await assertKnown(labels, model);
  const { settings } = info;
  const pipeline = new Pipeline({
    ...settings,
    name: info.camera,
    source: `recording:${resolve(folder)}`,
    enabled: true,
    loop: false,
    // Of the camera; a recording has none.
    controls: {},
    model,
    speed: options.speed,
    detect: {
      ...settings.detect,
      ...(labels && { labels }),
      ...(threshold !== undefined && { threshold, thresholds: {} }),
    },
    motion: { ...settings.motion, enabled: settings.motion.enabled && options.gate },
    // Nothing displays them here.
    snapshots: { enabled: false },
    logger: textLogger('warn'),
  });
  const got: EventMessage[] = [];
  let events = 0;
  pipeline.on('event', (message) => {
    events++;
    // Serialised now: the pipeline may still change it.
    const line = JSON.stringify(message);
    if (expected) got.push(JSON.parse(line));
    if (options.json) process.stdout.write(`${line}\n`);
    else console.log(eventInWords(message, true));
  });
  let lastError: string | undefined;
  try {
    ({ lastError } = await runToEnd(pipeline));
  } finally {
    await model?.close();
  }
  // Reported already; what came before it was replayed.
  if (lastError) await exitWith(1);
  if (events === 0 && !expected) sayNothingHappened(pipeline);
  if (!expected) await exitWith(0);
  const differences = eventDifferences(expected!, got);
  if (differences.length === 0) {
    console.error(`the same ${got.length} messages as in ${options.expect}`);
    await exitWith(0);
  }
  console.error(
    `${paint('red', 'error')} not the events of ${options.expect}: expected ${expected!.length} messages, got ${got.length}`,
  );
  for (const line of differences) console.error(oneLine(line));
  await exitWith(1);
}

/** @throws InputError when it is not a file of events, one per line. */
async function readEvents(file: string): Promise<EventMessage[]> {
  const text = await readFile(file, 'utf8').catch((error) => {
    throw new InputError(`--expect: ${file} cannot be read: ${messageOf(error)}`);
  });
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index) => {
      const message = parsed(line);
      if (typeof message?.after?.id === 'string' && Number.isInteger(message.sequence)) return message;
      throw new InputError(
        `--expect: ${file}, line ${index + 1}: expected an event as \`ocellus replay --json\` prints it, got ${line.slice(0, 60)}`,
      );
    });
}

function parsed(line: string): EventMessage | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
