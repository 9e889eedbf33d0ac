import { appendFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { describeBoard } from '../../../devices/index.ts';
import { eventsFile } from '../../../devices/recording/info.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { after } from '../../../sdk/base/timers.ts';
import { readSettings, resolveSettings } from '../../../sdk/config/settings.ts';
import { Pipeline } from '../../../sdk/pipeline/pipeline.ts';
import { Recorder } from '../../../sdk/pipeline/recorder.ts';
import { textLogger } from '../logger.ts';
import { positive } from '../values.ts';
import { endedWell, exitWith, openModel, runToEnd } from '../watching.ts';
import { defaultFile, withOptions } from './run.ts';

interface RecordOptions {
  out: string;
  config?: string;
  camera?: string;
  seconds?: number;
  lossless?: boolean;
  events?: boolean;
  speed: 'realtime' | 'max';
}

export function addRecord(program: Command): void {
  program
    .command('record')
    .description('record a camera, for replays')
    .argument('[uri]', 'instead of the camera’s source: v4l2:/dev/video0, rtsp://…, file:PATH, scene:')
    .requiredOption('-o, --out <folder>', 'folder to record into; new, or empty')
    .option('-c, --config <file>', `settings file (default: ./${defaultFile}, if there is one)`)
    .option('--camera <name>', 'which camera of the settings file')
    .option('--seconds <n>', 'how long (default: until Ctrl-C)', positive)
    .option('--lossless', 'lossless, at ten times the size')
    .option('--events', 'also run the network, and write the events to events.jsonl in the folder')
    .addOption(
      new Option('--speed <speed>', 'realtime, or every frame of a file at full speed')
        .choices(['realtime', 'max'])
        .default('realtime'),
    )
    .addHelpText('after', '\ndocs/recording.md describes the folder. `ocellus replay FOLDER` replays it.')
    .action(record);
}

/** Beyond `--seconds`, for the current frame. */
const graceMs = 1000;

async function record(uri: string | undefined, options: RecordOptions): Promise<void> {
  const { seconds, speed } = options;
  const { name, camera, core } = await chosenCamera(uri, options);
  const model = options.events ? await openModel(core) : null;
  let over = () => {};
  const isOver = new Promise<void>((resolve) => {
    over = resolve;
  });
  const recorder: Recorder = new Recorder({
    folder: options.out,
    camera: () => pipeline,
    model: core.model,
    lossless: options.lossless,
    seconds,
    onOver: () => {
      // At once, so that every incoming frame is recorded.
      void pipeline.stop();
      over();
    },
  });
  const pipeline: Pipeline = new Pipeline({
    ...camera,
    name,
    enabled: true,
    loop: false,
    // Nothing displays them here.
    snapshots: { enabled: false },
    model,
    speed,
    before: [recorder],
    logger: textLogger('warn'),
  });
  if (options.events) {
    const file = join(options.out, eventsFile);
    // No events are a result as well.
    pipeline.once('frame', () => appendFileSync(file, ''));
    pipeline.on('event', (message) => appendFileSync(file, `${JSON.stringify(message)}\n`));
  }
  let callOff = () => {};
  if (seconds !== undefined && speed === 'realtime') {
    // A camera without frames must not prolong it.
    pipeline.once('frame', () => {
      callOff = after(seconds * 1000 + graceMs, over);
    });
  }
  let isWhole: boolean;
  try {
    isWhole = endedWell(await runToEnd(pipeline, isOver));
  } finally {
    callOff();
    await model?.close();
  }
  if (recorder.failure) throw recorder.failure;
  console.error(
    recorder.frames > 0 ? `${recorder.frames} frames in ${options.out}` : 'no frame came; nothing is recorded',
  );
  await exitWith(isWhole ? 0 : 1);
}

/** A camera of the settings file; the file is ignored when only the source is named. */
async function chosenCamera(uri: string | undefined, options: RecordOptions) {
  const alone = uri !== undefined && options.camera === undefined && options.config === undefined;
  const file = options.config ?? defaultFile;
  const written = alone ? {} : await readSettings(resolve(file), options.config !== undefined);
  const given = withOptions(written, { source: uri, camera: uri && options.camera, console: true });
  const { cameras, core } = resolveSettings(given, file, describeBoard());
  const names = Object.keys(cameras);
  const name = options.camera ?? names[0]!;
  if (options.camera === undefined ? names.length > 1 : !names.includes(name)) {
    throw new InputError(`--camera: expected one of ${names.join(', ')}; got ${options.camera ?? 'none'}`);
  }
  return { name, camera: cameras[name]!, core };
}
