import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { InputError } from '../../../sdk/base/errors.ts';
import { toWire } from '../../../sdk/base/wire.ts';
import { readLabels } from '../../../sdk/core/cards/labels-file.ts';
import { printNote, printWire, table } from '../../shared/output.ts';
import type { BoardCheck } from '../port/bundle.ts';
import type { Ported } from '../port/port.ts';
import type { ProvenOutput } from '../port/proof.ts';
import { fraction } from '../values.ts';
import { writeResult } from '../write-result.ts';

interface PortCommandOptions {
  to?: 'onnx' | 'program' | 'ncnn' | 'openvino' | 'tflite';
  out: string;
  pictures?: string;
  calibrate?: string;
  labels?: string;
  card?: string;
  weights?: string;
  size?: [number, number];
  tolerance?: number;
  cosine?: number;
  report?: string;
  onBoard?: string;
  json?: boolean;
}

export function addPort(program: Command): void {
  program
    .command('port')
    .description(
      'turn a network of another framework into ONNX, a program, ncnn, OpenVINO or TFLite, and prove on pictures that it is still the same; ends with 1 if not',
    )
    .argument(
      '<file>',
      'ONNX, TFLite, Keras, SavedModel, PyTorch (exported program, TorchScript), Caffe, TensorFlow.js graph',
    )
    .addOption(
      new Option('--to <form>', 'what to make of it').choices(['onnx', 'program', 'ncnn', 'openvino', 'tflite']),
    )
    .option('--out <dir>', 'folder for what is made', 'ported')
    .option('--pictures <dir>', 'pictures on which both are compared (default: those of the built-in scene)')
    .option('--calibrate <dir>', 'pictures on which a program measures its ranges (default: those it is compared on)')
    .option('--labels <file>', 'its labels, one a line in the order of its classes')
    .option('--card <file>', 'the card that says how pictures are fed and boxes read')
    .option('--weights <file>', 'the caffemodel of a prototxt, where it has another name')
    .option('--size <WxH>', 'the size of its input, where the file leaves it open', size)
    .option(
      '--tolerance <0..1>',
      'greatest difference, as a share of an output’s greatest number (default: 0.001; in 8 bits 0.25)',
      fraction,
    )
    .option('--cosine <0..1>', 'least cosine of an output (default: 0.99999; in 8 bits 0.98)', fraction)
    .option('--report <file>', 'the report, a page (default: report.html in the folder; report.json lies beside it)')
    .option('--on-board <bundle>', 'check a model (.onnx, .ocp) on this board with a bundle that port wrote')
    .option('--json', 'one JSON line')
    .action(run);
}

async function run(file: string, options: PortCommandOptions): Promise<void> {
  if (options.onBoard !== undefined) return checkOnBoard(file, options.onBoard, options);
  const { to, labels, report, out, ...rest } = options;
  if (to === undefined)
    throw new InputError('expected --to with what to make of it: onnx, program, ncnn, openvino or tflite');
  // They load onnxruntime, which no other command is to load for it.
  const [{ port }, { reportPage }] = [await import('../port/port.ts'), await import('../port/report.ts')];
  const given = { ...rest, to, out, labels: labels === undefined ? undefined : await readLabels(labels) };
  const ported = await port(file, given, (step) => {
    if (process.stderr.isTTY) printNote(step);
  });
  const page = report ?? join(out, 'report.html');
  const wire = wireOf(ported);
  await writeResult(page, reportPage(ported));
  await writeResult(page.replace(/(\.html?)?$/, '.json'), `${JSON.stringify(wire, null, 2)}\n`);
  for (const note of ported.notes) printNote(note);
  if (options.json) await printWire(wire);
  else print(ported, page);
  if (ported.proof.problems.length > 0) process.exitCode = 1;
}

function wireOf({ proof, ...ported }: Ported) {
  const { outputs, layers, firstLayer, ...rest } = proof;
  return toWire({
    ...ported,
    isEqual: proof.problems.length === 0,
    ...rest,
    outputs: outputs.map(({ sample: _, ...one }) => one),
    firstLayer: firstLayer?.name ?? null,
    layers,
  });
}

function outputRows(outputs: readonly ProvenOutput[]): string[][] {
  const head = ['OUTPUT', 'SHAPE', 'MAX DIFFERENCE', 'OF ITS GREATEST', 'COSINE', 'TOP-1', 'EQUAL'];
  const rows = outputs.map(({ name, shape, maxAbs, share, cosine, topOne, isWithin }) => [
    name,
    `[${shape.join(', ')}]`,
    maxAbs.toPrecision(3),
    share.toPrecision(3),
    cosine.toFixed(7),
    topOne === undefined ? '' : `${(100 * topOne).toFixed(1)} %`,
    isWithin ? 'yes' : 'no',
  ]);
  return [head, ...rows];
}

/** Where the outputs are equal, layers that are not are tensors that only have the name in common. */
function otherTensors(layers: Ported['proof']['layers']): string {
  const others = layers.filter(({ isWithin }) => !isWithin);
  if (others.length === 0) return '';
  const shown = others.slice(0, 5).map(({ name }) => name);
  const left = others.length - shown.length;
  const names = left > 0 ? `${shown.join(', ')} and ${left} more` : shown.join(', ');
  return `: the outputs are equal, so ${names} ${others.length === 1 ? 'is another tensor' : 'are other tensors'} of the same name`;
}

function print({ source, target, pictures, input, made, proof }: Ported, page: string): void {
  const { layers, firstLayer, boxes, problems, outputs } = proof;
  const first = firstLayer
    ? `${firstLayer.name} (${firstLayer.share.toPrecision(3)} of its greatest number, cosine ${firstLayer.cosine.toFixed(6)})`
    : layers.length > 0
      ? `none of ${layers.length}${otherTensors(layers)}`
      : 'no layers have the same name in both';
  const rows = [
    ['source', `${source.title}, run by ${source.ranBy}`],
    ['target', target.ranBy],
    ['pictures', `${pictures.length}, fed as ${input}`],
    ['first layer that diverges', first],
  ];
  if (boxes) {
    const { source: own, target: theirs, matched, alone, leastIou, ap } = boxes;
    rows.push([
      'boxes',
      `${own} and ${theirs}, ${matched} in both${leastIou === undefined ? '' : `, least IoU ${leastIou.toFixed(4)}`}, ${alone} clearly in one alone`,
    ]);
    if (ap)
      rows.push(['AP', `${ap.source.toFixed(4)} and ${ap.target.toFixed(4)} on ${ap.pictures} labelled pictures`]);
  }
  rows.push(['made', made.join(', ')], ['report', page]);
  console.log(`${table(outputRows(outputs))}\n\n${table(rows)}\n${verdict(problems)}`);
}

const verdict = (problems: readonly string[]) =>
  problems.length === 0 ? 'equal within the tolerance' : `NOT equal: ${problems.join('; ')}`;

async function checkOnBoard(
  file: string,
  bundle: string,
  { tolerance, cosine, json }: PortCommandOptions,
): Promise<void> {
  const [{ checkBundle }, { boardRunner }] = [await import('../port/bundle.ts'), await import('../port/target.ts')];
  const { runner, isProgram } = await boardRunner(file);
  const given = { ...(tolerance !== undefined && { share: tolerance }), ...(cosine !== undefined && { cosine }) };
  const check: BoardCheck = await checkBundle(bundle, runner, isProgram, given);
  const { outputs, problems, title, pictures } = check;
  if (json) {
    const own = outputs.map(({ sample: _, ...one }) => one);
    await printWire(toWire({ file, bundle, ...check, outputs: own, isEqual: problems.length === 0 }));
  } else {
    console.log(
      `${table(outputRows(outputs))}\n\n${title}, on ${pictures} pictures of ${bundle}\n${verdict(problems)}`,
    );
  }
  if (problems.length > 0) process.exitCode = 1;
}

function size(text: string): [number, number] {
  const [width, height] = (/^(\d+)x(\d+)$/.exec(text) ?? []).slice(1).map(Number);
  if (!width || !height || width > 8192 || height > 8192) {
    throw new InvalidArgumentError('Expected a width and a height in pixels, as 640x480, each at most 8192.');
  }
  return [width, height];
}
