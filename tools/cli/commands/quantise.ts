import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import { makeFolder } from '../../../sdk/base/make-folder.ts';
import { toWire } from '../../../sdk/base/wire.ts';
import type { ModelCard } from '../../../sdk/core/cards/card.ts';
import { cardEnding, findModel, networkEnding, programEnding, readForm } from '../../../sdk/core/cards/model-file.ts';
import type { Recipe } from '../../../sdk/core/compiler/recipe.ts';
import { writeProgram } from '../../../sdk/core/program/format.ts';
import { totalsOf } from '../../../sdk/core/program/listing.ts';
import type { Agreement } from '../../../sdk/core/quantise/agreement.ts';
import type { Pixels } from '../../../sdk/core/quantise/pictures.ts';
import type { QuantisedModel } from '../../../sdk/core/quantise/quantise-model.ts';
import { readPicture } from '../../../sdk/picture/picture.ts';
import { printError, printNote, printWire, progress, table } from '../../shared/output.ts';
import { withFolders } from '../picture-files.ts';
import { atLeastOne, positive } from '../values.ts';
import { writeResult } from '../write-result.ts';

interface QuantiseOptions {
  calibrate: string;
  validate?: string;
  out: string;
  count: number;
  every: number;
  bits: Recipe['weightBits'];
  json?: boolean;
}

export function addQuantise(program: Command): void {
  program
    .command('quantise')
    .description('bring a float network to 8 bits with pictures of your own, and tell layer by layer what it costs')
    .argument('<model>', 'a name of `ocellus models`, an ONNX file, or a card; in floats')
    .requiredOption(
      '--calibrate <dir or source>',
      'pictures like those it will see, or a source of frames: v4l2:/dev/video0, rtsp://…, file:PATH, recording:FOLDER, scene:',
    )
    .option(
      '--validate <dir>',
      'compare recipes by accuracy on labelled pictures (as `ocellus eval` takes them; of a classifier a folder for each label); the result is reported on every second one, which nothing was chosen on',
    )
    .requiredOption('--out <folder>', 'where the program, the ONNX file, the card and the report go; new, or empty')
    .option('--count <n>', 'of a folder or a source: pictures at most', atLeastOne, 200)
    .option('--every <s>', 'of a source: seconds from a frame to the next', positive, 0.5)
    .option('--bits <7 or 8>', 'of a weight', weightBits, 8)
    .option('--json', 'the report as one JSON object')
    .addHelpText('after', '\nThe card in the folder is what `--model` takes. See docs/quantise.md.')
    .action(quantise);
}

function weightBits(text: string): Recipe['weightBits'] {
  if (text !== '7' && text !== '8') throw new InvalidArgumentError('Expected 7 or 8.');
  return text === '7' ? 7 : 8;
}

async function quantise(model: string, options: QuantiseOptions): Promise<void> {
  const { out, bits, validate, calibrate } = options;
  await assertEmpty(out);
  if (validate !== undefined && resolve(validate) === resolve(calibrate)) {
    throw new InputError(
      `--validate: expected other pictures than those of --calibrate, got the same folder: what ranges were measured on says too much good of them`,
    );
  }
  const file = await readForm(await findModel(model), 'network');
  // They run the network in onnxruntime, which no other command is to load for it.
  const { quantiseModel } = await import('../../../sdk/core/quantise/quantise-model.ts');
  const { isSource } = await import('../../../sdk/core/quantise/pictures.ts');
  const isCamera = isSource(options.calibrate);
  const bars = new Bars();
  const made = await quantiseModel(file, {
    pictures: (card) => picturesOf(card, isCamera, options),
    ...(validate !== undefined && {
      labelled: async (card: ModelCard) => (await import('../labelled-pixels.ts')).labelledPixels(validate, card),
    }),
    isCamera,
    weightBits: bits,
    told: (what, left) => bars.tell(what, left),
  }).finally(() => bars.done());
  const report = reportOf(made, file.name, options);
  const card = await write(out, made, report);
  if (options.json) await printWire(report);
  else tell(made);
  printNote(`${card}: what --model takes`);
}

/** One bar at a time: each begins when it is told of something else. */
class Bars {
  #what = '';
  #bar: ReturnType<typeof progress> | undefined;

  tell(what: string, left: number): void {
    if (what !== this.#what) {
      this.done();
      this.#what = what;
      this.#bar = progress(what, left + 1);
    }
    this.#bar!.step();
  }

  done(): void {
    this.#bar?.done();
    this.#bar = undefined;
  }
}

/** Said before anything is measured. @throws InputError when something is there already. */
async function assertEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new InputError(`--out: expected a folder, new or empty; ${messageOf(error)}`);
  });
  if (names.length > 0) {
    throw new InputError(`--out: expected a folder that is new or empty, ${folder} has ${names.length} files in it`);
  }
}

async function picturesOf(card: ModelCard, isCamera: boolean, options: QuantiseOptions): Promise<Pixels[]> {
  const { PixelMaker, takeFrames } = await import('../../../sdk/core/quantise/pictures.ts');
  const { calibrate, count, every } = options;
  const maker = new PixelMaker(card);
  const pictures: Pixels[] = [];
  const files = isCamera ? [] : evenly(await withFolders([calibrate]), count);
  const bar = progress('pictures', isCamera ? count : files.length);
  try {
    if (isCamera) {
      await takeFrames(calibrate, {
        count,
        apart: every,
        take(frame) {
          pictures.push(maker.of(frame));
          bar.step();
        },
      });
    }
    for (const file of files) {
      try {
        const frame = await readPicture(file);
        pictures.push(maker.of(frame));
        frame.release();
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        printError(error);
      }
      bar.step();
    }
  } finally {
    bar.done();
  }
  const wanted = isCamera ? count : files.length;
  if (pictures.length < wanted) printNote(`${calibrate}: ${pictures.length} of ${wanted} pictures`);
  return pictures;
}

/** So many of them at most, from all over the list. */
function evenly<T>(all: readonly T[], count: number): T[] {
  if (all.length <= count) return [...all];
  return Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]!);
}

const nameOf = ({ card }: QuantisedModel) => `${card.name.replace(/-(fp32|fp16|float|int8)$/, '')}-int8`;

const measuredOf = ({ agreement, accuracy, error }: Agreement) => ({
  agreement,
  ...(accuracy !== undefined && { accuracy }),
  error,
});

/** What was done and measured, in snake case: names of layers are values. */
function reportOf(made: QuantisedModel, model: string, { calibrate, validate }: QuantiseOptions) {
  const { recipe, tried, layers, reported, floatAccuracy, pictures, qdq, qdqFault, program } = made;
  const inWords = ({ floats, ...own }: Recipe) => ({ ...own, floats: [...floats] });
  return toWire({
    model,
    calibratedOn: calibrate,
    validatedOn: validate ?? null,
    pictures,
    recipe: inWords(recipe),
    reported: { ...reported, floatAccuracy: floatAccuracy ?? null },
    program: totalsOf(program),
    onnx: qdq ? { ...measuredOf(qdq), form: qdq.form, bytes: qdq.bytes.length } : null,
    onnxFault: qdqFault ?? null,
    tried: tried.map(({ recipe, ...measured }) => ({ ...inWords(recipe), ...measured })),
    layers,
  });
}

/** @returns The card's path. @throws InputError when it cannot be written. */
async function write(folder: string, made: QuantisedModel, report: unknown): Promise<string> {
  const { program, qdq } = made;
  const { cardOfQdq } = await import('../../../sdk/core/quantise/quantise-model.ts');
  const name = nameOf(made);
  const bytes = writeProgram(program);
  const { program: _, accuracy: __, quantisation: ___, sha256: ____, file: _____, ...own } = made.card;
  const steps = { file: `${name}${programEnding}`, sha256: digest(bytes) };
  const quantisation = {
    range: made.recipe.range,
    share: made.recipe.share,
    weight_bits: made.recipe.weightBits,
    floats: [...made.recipe.floats],
    pictures: made.pictures,
  };
  const card = qdq
    ? {
        ...cardOfQdq(own as ModelCard),
        name,
        file: `${name}${networkEnding}`,
        sha256: digest(qdq.bytes),
        program: steps,
        quantisation,
      }
    : { ...own, name, ...steps, quantisation };
  const path = join(folder, `${name}${cardEnding}`);
  await makeFolder(folder).catch((error: unknown) => {
    throw new InputError(`--out: ${folder} cannot be made: ${messageOf(error)}`, { cause: error });
  });
  await writeResult(join(folder, steps.file), bytes);
  if (qdq) await writeResult(join(folder, `${name}${networkEnding}`), qdq.bytes);
  await writeResult(join(folder, `${name}.report.json`), `${JSON.stringify(report, null, 2)}\n`);
  // Last: it names the others.
  await writeResult(path, `${JSON.stringify(card, null, 2)}\n`);
  return path;
}

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function tell(made: QuantisedModel): void {
  const { layers, tried, recipe, reported, floatAccuracy, pictures, qdq, qdqFault, card } = made;
  const isLabelled = floatAccuracy !== undefined;
  const name = card.task === 'detect' ? 'AP' : 'top-1';
  const measure = card.task === 'detect' ? 'detections’ agreement' : 'cosine';
  const layerRows = layers.map(({ name, operator, shape, own, accumulated, heldIn }) => [
    name,
    operator,
    shape.join('x'),
    own.decibels.toFixed(1),
    accumulated.decibels.toFixed(1),
    percent(accumulated.relative),
    heldIn,
  ]);
  const triedRows = tried.map(({ recipe: one, rounding, accuracy, agreement, error, milliseconds }) => [
    inWords(one),
    rounding,
    ...(isLabelled ? [inDigits(accuracy)] : []),
    agreement.toFixed(4),
    percent(error),
    milliseconds === undefined ? '' : milliseconds.toFixed(2),
    one === recipe && rounding === 'compensated' ? 'chosen' : '',
  ]);
  console.log(
    [
      table([['LAYER', 'OPERATOR', 'SHAPE', 'OWN, DB', 'ALL BEFORE, DB', 'ERROR', 'HELD IN'], ...layerRows]),
      '',
      table([
        ['RECIPE', 'ROUNDING', ...(isLabelled ? [name.toUpperCase()] : []), measure.toUpperCase(), 'ERROR', 'MS', ''],
        ...triedRows,
      ]),
      '',
      `Ranges measured on ${pictures.measured} pictures, recipes compared on ${pictures.compared} others${isLabelled ? ` by ${name}` : ''}.`,
      ...(isLabelled
        ? [
            `On ${pictures.reported} labelled pictures more: ${name} ${inDigits(reported.accuracy)}, of the float network ${inDigits(floatAccuracy)}${qdq ? `, of the ONNX file ${inDigits(qdq.accuracy)}` : ''}.`,
          ]
        : []),
      `On ${pictures.reported} pictures more: ${measure} with the float network ${reported.agreement.toFixed(4)}, error ${percent(reported.error)}.`,
      qdq
        ? `The ONNX file (${qdq.form === 'per_tensor' ? 'a scale for each tensor' : 'a scale for each channel'}) in onnxruntime: ${qdq.agreement.toFixed(4)}, error ${percent(qdq.error)}.`
        : `No ONNX file: ${qdqFault}.`,
    ].join('\n'),
  );
}

const inDigits = (accuracy: number | undefined) => accuracy?.toFixed(4) ?? 'none';
const percent = (part: number) => `${(100 * part).toFixed(2)} %`;

function inWords({ range, share, weightBits, floats }: Recipe): string {
  const kept = floats.size > 0 ? `, in floats: ${[...floats].join(', ')}` : '';
  return `${range.replace('_', ' ')}, share ${share}, weights of ${weightBits} bits${kept}`;
}
