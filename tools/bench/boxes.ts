// Reading the network's outputs and comparing vectors: each native variant beside the TypeScript twin, in turns, on the
// outputs of NanoDet-g for a photograph. `node dist/tools/bench/boxes.js`; --json writes it as JSON too.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import '../../sdk/core/engines/no-telemetry.ts';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { asset } from '../../sdk/base/assets.ts';
import { readModel } from '../../sdk/core/cards/model-file.ts';
import { letterboxGeometry } from '../../sdk/frame/letterbox.ts';
import { type BoxesKernels, DistributionHead, type Quantised } from '../../sdk/kernels/boxes/boxes.ts';
import { Candidates } from '../../sdk/kernels/boxes/candidates.ts';
import { nativeBoxes } from '../../sdk/kernels/boxes/native.ts';
import { boxesKernels } from '../../sdk/kernels/boxes/typescript.ts';
import type { VectorKernels } from '../../sdk/kernels/dot/dot.ts';
import { vectorKernels } from '../../sdk/kernels/dot/typescript.ts';
import { kernels } from '../../sdk/kernels/kernels.ts';
import { type MotionKernel, motionState } from '../../sdk/kernels/motion/motion.ts';
import { nativeMotion } from '../../sdk/kernels/motion/native.ts';
import { motion } from '../../sdk/kernels/motion/typescript.ts';
import { loadAddon } from '../../sdk/kernels/native.ts';
import { readPicture } from '../../sdk/picture/picture.ts';
import { table } from '../shared/output.ts';
import { inWords, type Spread, spread } from '../shared/run.ts';
import { Progress } from './progress.ts';

const { values } = parseArgs({
  options: {
    photo: { type: 'string', default: asset('devices', 'scene', 'photos', 'person.jpg') },
    score: { type: 'string', default: '0.15' },
    iou: { type: 'string', default: '0.4' },
    rounds: { type: 'string', default: '41' },
    json: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const progress = new Progress(5);
const score = Number(values.score);
const iou = Number(values.iou);

const { addon, why } = loadAddon();
if (!addon) console.error(`only the TypeScript twins: ${why}`);
const natives = addon?.variants.map((variant) => ({ name: variant, functions: addon.kernels(variant) })) ?? [];

const { head, scores, logits } = await outputsOf(values.photo);
const results: Result[] = [
  compare(
    'boxes',
    `decode + NMS, float: ${head.cells} cells of ${head.classes} classes, ${passing()} pass ${score}; IoU ${iou}`,
    () => decoding(boxesKernels),
    ({ functions }) => decoding(nativeBoxes(functions)),
  ),
  compare(
    'motion',
    'motion, 1280 x 720',
    () => moving(motion),
    ({ functions }) => moving(nativeMotion(functions)),
  ),
  compareDot(),
  compare(
    'dot',
    'dot f32, 1000 rows of 1280',
    () => multiplyingFloats(vectorKernels.matVecF32),
    ({ functions }) => multiplyingFloats(functions.matVecF32),
  ),
  // Last: once the twin has seen bytes, it is slower on floats.
  compare(
    'boxes',
    'decode + NMS, 8 bits',
    () => decodingBytes(boxesKernels),
    ({ functions }) => decodingBytes(nativeBoxes(functions)),
  ),
];

for (const { name, microseconds, ratios } of results) {
  console.log(`\n${name}`);
  const rows = Object.entries(microseconds).map(([who, time]) => [
    `  ${who}`,
    `${inWords(time)} µs`,
    who in ratios ? `${inWords(ratios[who]!, 1)} times as fast as the first` : '',
  ]);
  console.log(table(rows));
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(results, undefined, 2)}\n`);

interface Result {
  readonly name: string;
  readonly microseconds: Readonly<Record<string, Spread>>;
  /** Of the time of the first to a variant's, taken in the same round. */
  readonly ratios: Readonly<Record<string, Spread>>;
}

/** One call of what is measured; what it returns is only to be equal everywhere. */
type Work = () => number;
type Native = (typeof natives)[number];

function compare(operation: string, name: string, twin: () => Work, native: (one: Native) => Work): Result {
  const works = variantsOf(operation).map((one) => [one.name, native(one)]);
  return measure(name, { TypeScript: twin(), ...Object.fromEntries(works) });
}

/** The instruction sets that the operation has a variant of its own for. */
function variantsOf(operation: string): Native[] {
  return natives.filter(({ name, functions }) => functions.chosen[operation] === name);
}

/** All in turns, so that what disturbs the machine disturbs all. */
function measure(name: string, works: Record<string, Work>): Result {
  progress.next(`${name}: ${rounds} rounds`);
  const entries = Object.entries(works);
  const times = Object.fromEntries(entries.map(([who]) => [who, [] as number[]]));
  const results = new Set(entries.map(([, work]) => work()));
  if (results.size !== 1) throw new Error(`${name}: the variants differ: ${[...results].join(', ')}`);
  // Enough calls for some 2 ms each, and for the compiler of the twin to have seen it.
  const calls = Object.fromEntries(entries.map(([who, work]) => [who, callsFor(work, 2)]));
  for (let round = 0; round < rounds; round++) {
    for (const [who, work] of entries) {
      const started = process.hrtime.bigint();
      for (let i = 0; i < calls[who]!; i++) work();
      times[who]!.push(Number(process.hrtime.bigint() - started) / 1e3 / calls[who]!);
    }
  }
  const first = times[entries[0]![0]]!;
  return {
    name,
    microseconds: Object.fromEntries(entries.map(([who]) => [who, middle(times[who]!)])),
    ratios: Object.fromEntries(
      entries.slice(1).map(([who]) => [who, middle(times[who]!.map((t, i) => first[i]! / t))]),
    ),
  };
}

/** Median and quartiles: on a shared machine the ends say nothing. */
function middle(values: readonly number[]): Spread {
  const cut = Math.floor(values.length / 4);
  return spread([...values].sort((a, b) => a - b).slice(cut, values.length - cut));
}

function callsFor(work: Work, milliseconds: number): number {
  const end = performance.now() + 300;
  let calls = 0;
  while (performance.now() < end) {
    work();
    calls++;
  }
  return Math.max(1, Math.round((calls * milliseconds) / 300));
}

/** The outputs of NanoDet-g, whose boxes are distributions, for a picture. */
async function outputsOf(photo: string) {
  const { description: card, bytes } = await readModel('nanodet-g-416-int8');
  if (!('decoder' in card) || card.decoder.type !== 'nanodet') throw new Error('expected a nanodet card');
  const { width, height } = card.input;
  const frame = await readPicture(photo);
  const input = new Uint8Array(3 * width * height);
  kernels.preprocessor(card.input).run(frame, letterboxGeometry(frame, card.input), input);
  const session = await InferenceSession.create(bytes);
  const outputs = await session.run({ [card.input.name!]: new Tensor('uint8', input, [1, 3, height, width]) });
  const { strides, bins, outputs: names } = card.decoder;
  const levels = strides.map((stride) => ({
    stride,
    columns: Math.ceil(width / stride),
    rows: Math.ceil(height / stride),
  }));
  return {
    head: new DistributionHead(levels, card.labels.length, bins),
    scores: (outputs[names!.scores[0]!]!.data as Float32Array).slice(),
    logits: (outputs[names!.boxes[0]!]!.data as Float32Array).slice(),
  };
}

function decoding(decode: BoxesKernels): Work {
  const candidates = new Candidates();
  return () => {
    candidates.clear();
    decode.distributions(head, scores, logits, score, false, candidates);
    return suppress(decode, candidates);
  };
}

function passing(): number {
  const candidates = new Candidates();
  boxesKernels.distributions(head, scores, logits, score, false, candidates);
  return candidates.length;
}

function decodingBytes(decode: BoxesKernels): Work {
  const candidates = new Candidates();
  const [few, many] = [quantise(scores), quantise(logits)];
  return () => {
    candidates.clear();
    decode.quantised(head, few, many, score, false, candidates);
    return suppress(decode, candidates);
  };
}

function suppress({ classwiseNms }: BoxesKernels, { boxes, scores, classIds, length }: Candidates): number {
  return length * 1e6 + classwiseNms(boxes, scores, classIds, length, iou, 100).length;
}

function quantise(floats: Float32Array): Quantised {
  let low = 0;
  let high = 0;
  for (const value of floats) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const scale = (high - low) / 255;
  const zeroPoint = Math.round(-low / scale);
  return { data: Uint8Array.from(floats, (value) => Math.round(value / scale) + zeroPoint), scale, zeroPoint };
}

/** Two frames of a noisy scene in turns, with something that moves. */
function moving(kernel: MotionKernel): Work {
  const [width, height] = [1280, 720];
  const noisy = () => Uint8Array.from({ length: width * height }, (_, i) => 100 + ((i * 2654435761) % 97) / 12);
  const frames = [noisy(), noisy()].map((data) => ({ data, width, height, stride: width, step: 1 }));
  frames[1]!.data.fill(200, 300 * width, 340 * width);
  const state = motionState(width, height);
  const rule = { floor: 64, smooth: 8192, follow: 0, learn: 256, learnChanged: 64, passed: 100, settle: 1500 };
  let turn = 0;
  return () => {
    kernel(frames[turn++ % 2]!, state, rule);
    return state.columns;
  };
}

/** The plain loop over typed arrays that one would write, beside the twin and the variants. */
function compareDot(): Result {
  const rows = 1000;
  const columns = 1280;
  const matrix = Int8Array.from({ length: rows * columns }, (_, i) => (i * 7919) % 251);
  const vector = Int8Array.from({ length: columns }, (_, i) => (i * 104729) % 241);
  const out = new Int32Array(rows);
  const plain = () => {
    for (let row = 0; row < rows; row++) {
      let total = 0;
      for (let i = 0; i < columns; i++) total += matrix[row * columns + i]! * vector[i]!;
      out[row] = total;
    }
  };
  const then = (work: () => void): Work => {
    return () => {
      work();
      return out[rows - 1]!;
    };
  };
  const multiplying = ({ matVecI8 }: VectorKernels) => then(() => matVecI8(matrix, vector, out));
  return measure('dot int8, 1000 rows of 1280', {
    'plain loop': then(plain),
    TypeScript: multiplying(vectorKernels),
    ...Object.fromEntries(variantsOf('dot').map(({ name, functions }) => [name, multiplying(functions)])),
  });
}

function multiplyingFloats(matVec: VectorKernels['matVecF32']): Work {
  const matrix = Float32Array.from({ length: 1000 * 1280 }, (_, i) => ((i * 7919) % 251) / 100 - 1);
  const vector = Float32Array.from({ length: 1280 }, (_, i) => ((i * 104729) % 241) / 100 - 1);
  const out = new Float32Array(1000);
  return () => {
    matVec(matrix, vector, out);
    return out[999]!;
  };
}
