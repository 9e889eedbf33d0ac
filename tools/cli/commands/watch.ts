import { type Command, Option } from 'commander';
import { loadModel } from '../../../sdk/core/model.ts';
import { Pipeline } from '../../../sdk/pipeline/pipeline.ts';
import { textLogger } from '../logger.ts';
import { type ModelOptions, withModelOptions } from '../model-options.ts';
import { fraction, labelList, positive } from '../values.ts';
import { assertKnown, endedWell, eventInWords, exitWith, runToEnd, sayNothingHappened } from '../watching.ts';

interface WatchOptions extends ModelOptions {
  json?: boolean;
  speed: 'realtime' | 'max';
  camera: string;
  labels?: string[];
  threshold?: number;
  fps?: number;
  gate: boolean;
}

export function addWatch(program: Command): void {
  const command = program
    .command('watch')
    .description('print the events of a source, until it ends')
    .argument(
      '<uri>',
      'file:PATH, v4l2:/dev/video0, rtsp://…, libcamera:, scene:, auto:, pipe:PATH, or - for standard input',
    )
    .option('--json', 'one JSON line per event: the messages of the MQTT topic <camera>/events')
    .addOption(
      new Option('--speed <speed>', 'realtime, or each frame of a file as fast as it goes')
        .choices(['realtime', 'max'])
        .default('realtime'),
    );
  withModelOptions(command)
    .option('--camera <name>', 'name of the camera in the events', 'camera')
    .option('--labels <list>', 'labels to watch, comma-separated; `all` for all of the model', labelList)
    .option('--threshold <0..1>', 'minimum score', fraction)
    .option('--fps <n>', 'maximum inferences per second', positive)
    .option('--no-gate', 'look at each frame, also while nothing moves')
    .addHelpText(
      'after',
      '\nWith --speed max, times are seconds from the start of the file, and every run prints the same.',
    )
    .action(watch);
}

async function watch(uri: string, options: WatchOptions): Promise<void> {
  const model = await loadModel(options.model, options);
  const { labels, threshold, fps } = options;
  await assertKnown(labels, model);
  const pipeline = new Pipeline({
    name: options.camera,
    source: uri,
    loop: false,
    model,
    speed: options.speed,
    detect: { ...(labels && { labels }), ...(threshold !== undefined && { threshold }), ...(fps && { fps }) },
    motion: { enabled: options.gate },
    // Nothing displays them here.
    snapshots: { enabled: false },
    logger: textLogger('warn'),
  });
  let events = 0;
  pipeline.on('event', (message) => {
    events++;
    if (options.json) process.stdout.write(`${JSON.stringify(message)}\n`);
    else console.log(eventInWords(message, options.speed === 'realtime'));
  });
  let isWhole: boolean;
  try {
    isWhole = endedWell(await runToEnd(pipeline));
    if (events === 0) sayNothingHappened(pipeline);
  } finally {
    await model.close();
  }
  await exitWith(isWhole ? 0 : 1);
}
