// `npm run bench:kernels`: the pixel work of one frame beside OpenCV's and ncnn's, in turns, one thread. Each variant of this
// processor, the TypeScript twin, and how far from copying the bytes that are moved.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { asset } from '../../sdk/base/assets.ts';
import { letterboxGeometry } from '../../sdk/frame/letterbox.ts';
import { Converter } from '../../sdk/kernels/convert/converter.ts';
import { loadAddon } from '../../sdk/kernels/native.ts';
import { NativePreprocessor } from '../../sdk/kernels/preprocess/native.ts';
import type { PixelSource, Preprocessor, PreprocessTarget } from '../../sdk/kernels/preprocess/preprocess.ts';
import { TypeScriptPreprocessor } from '../../sdk/kernels/preprocess/typescript.ts';
import { printError, table } from '../shared/output.ts';
import { inWords, spread } from '../shared/run.ts';
import { Progress } from './progress.ts';
import { preparePython } from './python.ts';

const width = 1280;
const height = 720;
const size = 416;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    json: { type: 'string', default: join(tmpdir(), 'ocellus-kernels.json') },
  },
});

interface Job {
  readonly name: string;
  readonly format: 'I420' | 'BGR24';
  readonly peers: readonly string[];
  readonly target: PreprocessTarget;
  /** Bytes that have to be read. */
  readonly reads: number;
}

const bytes: PreprocessTarget = {
  ...{ width: size, height: size, layout: 'NHWC', type: 'uint8', channels: 'BGR', pad: 114 },
  ...{ mean: [103.53, 116.28, 123.675], std: [57.375, 57.12, 58.395] },
};
const pictureRows = Math.round((size / width) * height);
const allBytes = (width * height * 3) / 2;
/** Bilinear skips one luma row of three. */
const twoRowsEach = width * (2 * pictureRows) + (width * height) / 2;
const bilinear = { ...bytes, quality: 'bilinear' } as const;
const floats = { ...bilinear, type: 'float32', layout: 'NCHW' } as const;
const jobs: readonly Job[] = [
  { name: 'uint8, bilinear', format: 'I420', peers: ['opencv linear'], target: bilinear, reads: twoRowsEach },
  {
    name: 'uint8, area',
    format: 'I420',
    peers: ['opencv area'],
    target: { ...bytes, quality: 'area' },
    reads: allBytes,
  },
  { name: 'float32, bilinear', format: 'I420', peers: ['ncnn from I420'], target: floats, reads: twoRowsEach },
  // Its pixels are BGR already, for both.
  { name: 'float32 of BGR24', format: 'BGR24', peers: ['ncnn'], target: floats, reads: 3 * width * 2 * pictureRows },
];

try {
  await bench(Number(values.rounds), values.json);
} catch (error) {
  printError(error);
  process.exit(1);
}

async function bench(rounds: number, jsonFile: string): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'ocellus-kernels-'));
  const file = join(scratch, 'frame.i420');
  const frame = drawFrame();
  writeFileSync(file, frame);
  const peer = await startPeer(preparePython('kernels.txt'), file);
  try {
    const source = sourceOf(frame);
    const sources = { I420: source, BGR24: bgrOf(source) };
    const copyMs = spread(Array.from({ length: rounds }, () => timeOf(copyOf(frame)))).median;
    const rows: string[][] = [];
    const results = [];
    const progress = new Progress(jobs.length * (rounds + 1));
    for (const job of jobs) {
      const runs = implementations(job.target).map(({ name, preprocessor }) => ({
        name,
        run: runOf(preprocessor, sources[job.format], job.target),
        times: [] as number[],
      }));
      const peers = job.peers.map((name) => ({ name, times: [] as number[] }));
      for (let round = -1; round < rounds; round++) {
        progress.next(`${job.name}: ${round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`}`);
        const mine = runs.map(({ run }) => timeOf(run));
        for (const one of peers) {
          const ms = await peer.time(one.name);
          if (round >= 0) one.times.push(ms);
        }
        // The first round warms caches and the compiler up.
        if (round >= 0) for (const [i, one] of runs.entries()) one.times.push(mine[i]!);
      }
      const moved = job.reads + 3 * size * pictureRows * (job.target.type === 'float32' ? 4 : 1);
      const limitMs = (copyMs * moved) / (2 * frame.length);
      for (const { name, times } of runs) {
        const ms = spread(times);
        const ratios = peers.map((one) => ({ peer: one.name, ratio: spread(one.times.map((t, i) => t / times[i]!)) }));
        results.push({ job: job.name, variant: name, ms, ratios, limitMs, timesTheLimit: ms.median / limitMs });
        rows.push([
          job.name,
          name,
          inWords(ms, 3),
          ratios.map(({ peer: other, ratio }) => `${other} ${inWords(ratio, 1)}`).join(', '),
          (ms.median / limitMs).toFixed(1),
        ]);
      }
      for (const one of peers) rows.push([job.name, one.name, inWords(spread(one.times), 3), '', '']);
    }
    console.log(
      `${width}x${height} I420 to ${size}x${size}, letterboxed; one thread; OpenCV ${peer.versions.opencv}, ncnn ${peer.versions.ncnn}`,
    );
    console.log(table([['WORK', 'BY', 'ms', 'TIMES AS FAST AS', 'TIMES A COPY'], ...rows]));
    console.log(`A copy of the frame takes ${copyMs.toFixed(3)} ms. Medians of ${rounds} rounds (smallest-largest).`);
    console.log(`Beside OpenCV: ${await compare(peer, source, scratch)}`);
    writeFileSync(jsonFile, `${JSON.stringify({ rounds, versions: peer.versions, copyMs, results }, null, 2)}\n`);
    console.log(`Written to ${jsonFile}`);
  } finally {
    peer.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function implementations(target: PreprocessTarget): { name: string; preprocessor: Preprocessor }[] {
  const { addon, why } = loadAddon();
  if (!addon) console.error(`No native kernels: ${why}`);
  const native = (addon?.variants ?? [])
    .map((variant) => ({ variant, functions: addon!.kernels(variant) }))
    // Else it has no variant of its own for this instruction set.
    .filter(({ variant, functions }) => functions.chosen.preprocess === variant)
    .map(({ variant, functions }) => ({ name: variant, preprocessor: new NativePreprocessor(functions, target) }));
  return [{ name: 'typescript', preprocessor: new TypeScriptPreprocessor(target) }, ...native];
}

function runOf(preprocessor: Preprocessor, source: PixelSource, target: PreprocessTarget): () => void {
  const geometry = letterboxGeometry(source, { ...target, resize: 'letterbox', align: 'center' });
  const out = target.type === 'float32' ? new Float32Array(3 * size * size) : new Uint8Array(3 * size * size);
  return () => preprocessor.run(source, geometry, out);
}

function copyOf(frame: Uint8Array): () => void {
  const copy = new Uint8Array(frame.length);
  return () => copy.set(frame);
}

/** ms of one call, the mean of many. */
function timeOf(run: () => void): number {
  const repeat = 20;
  const begun = performance.now();
  for (let i = 0; i < repeat; i++) run();
  return (performance.now() - begun) / repeat;
}

/** A scene of soft shapes and edges with a little noise. */
function drawFrame(): Uint8Array {
  const frame = new Uint8Array(allBytes);
  let state = 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      state = (Math.imul(state, 1103515245) + 12345) | 0;
      const edge = ((x >> 6) + (y >> 6)) % 3 === 0 ? 40 : 0;
      frame[y * width + x] = 100 + 50 * Math.sin(x / 37) * Math.cos(y / 23) + edge + ((state >>> 16) & 7);
    }
  }
  for (let i = 0; i < (width * height) / 2; i++) {
    const at = i % ((width * height) / 4);
    const x = at % (width / 2);
    const y = Math.floor(at / (width / 2));
    frame[width * height + i] = 128 + 40 * Math.sin(i === at ? x / 50 : y / 40);
  }
  return frame;
}

function sourceOf(frame: Uint8Array): PixelSource {
  const luma = width * height;
  const planes = [
    { data: frame.subarray(0, luma), stride: width },
    { data: frame.subarray(luma, (luma * 5) / 4), stride: width / 2 },
    { data: frame.subarray((luma * 5) / 4), stride: width / 2 },
  ];
  // OpenCV knows only this one.
  return { format: 'I420', width, height, planes, colour: { matrix: 'bt601', range: 'limited' } };
}

/** The same scene as pixels. */
function bgrOf(source: PixelSource): PixelSource {
  const { data } = new Converter((target) => new TypeScriptPreprocessor(target)).convert(source, { channels: 'BGR' });
  return { ...source, format: 'BGR24', planes: [{ data, stride: 3 * width }] };
}

/** How far the results are from OpenCV's, in levels of 0..255. */
async function compare(peer: Peer, source: PixelSource, scratch: string): Promise<string> {
  const words: string[] = [];
  for (const [quality, task] of [
    ['bilinear', 'opencv linear'],
    ['area', 'opencv area'],
  ] as const) {
    const out = new Uint8Array(3 * size * size);
    const target = { ...bytes, quality };
    const geometry = letterboxGeometry(source, { ...target, resize: 'letterbox', align: 'center' });
    new TypeScriptPreprocessor(target).run(source, geometry, out);
    const file = join(scratch, 'peer.bytes');
    await peer.write(task, file);
    const theirs = readFileSync(file);
    let sum = 0;
    let most = 0;
    for (let i = 0; i < out.length; i++) {
      const difference = Math.abs(out[i]! - theirs[i]!);
      sum += difference;
      most = Math.max(most, difference);
    }
    words.push(
      `${quality} differs by ${((sum * size) / (out.length * pictureRows)).toFixed(2)} levels on average, ${most} at most`,
    );
  }
  return words.join('; ');
}

interface Peer {
  readonly versions: { opencv: string; ncnn: string };
  time(task: string): Promise<number>;
  write(task: string, file: string): Promise<void>;
  stop(): void;
}

async function startPeer(python: string, file: string): Promise<Peer> {
  const script = asset('tools', 'bench', 'peer', 'kernels.py');
  const child = spawn(python, [script, file, String(width), String(height), String(size)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the Python peer ended: its message is above');
    return JSON.parse(value);
  };
  const ask = async (request: object) => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    return next();
  };
  return {
    versions: await next(),
    time: async (task) => (await ask({ task, repeat: 20 })).ms,
    write: async (task, path) => void (await ask({ task, write: path })),
    stop: () => void child.kill(),
  };
}
