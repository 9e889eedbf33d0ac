// `npm run bench:core`: the default network compiled, beside the run-times that others would use, all in turns in one run:
// milliseconds of a run by the clock and of the processor, ratios within a round, medians with their spread. Then loading, and
// what `ocellus run` takes. With `--isa avx2`, or `avx512_vnni`, all of them run as on a processor that has nothing newer.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asset } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { defaultClassifier, defaultModel, otherClassifier } from '../../../sdk/config/schema.ts';
import { type FoundModel, findModel, readForm } from '../../../sdk/core/cards/model-file.ts';
import { compileModel } from '../../../sdk/core/compiler/compile-model.ts';
import { readProgram, writeProgram } from '../../../sdk/core/program/format.ts';
import { totalsOf } from '../../../sdk/core/program/listing.ts';
import { startBroker } from '../../../sdk/hub/broker/broker.ts';
import { loadAddon } from '../../../sdk/kernels/native.ts';
import { printError, table } from '../../shared/output.ts';
import { inWords, launcher, type Spread, spread } from '../../shared/run.ts';
import { Progress } from '../progress.ts';
import { preparePython } from '../python.ts';
import { timeToFirstEvent } from '../start.ts';
import { peerScript, preparePeers } from './peers.ts';
import { burstMs, Running, type Subject, type Timed } from './running.ts';
import { gainsOf } from './threads.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    threads: { type: 'string', default: '1,2' },
    isa: { type: 'string' },
    pictures: { type: 'string', default: asset('..', 'shared', 'data', 'coco', 'calibration') },
    clip: { type: 'string', default: asset('..', 'shared', 'data', 'video', 'one-by-one-person-detection.mp4') },
    json: { type: 'string', default: join(tmpdir(), 'ocellus-core.json') },
  },
});

/** What `older.cpp` is compiled with so that the processor seems to have this and nothing newer. */
const hidden = new Map([
  ['avx512_vnni', []],
  ['avx2', ['-DONLY_AVX2']],
]);

function node(variant: string, engine: string, file: string, threads: number): Pick<Subject, 'command' | 'args'> {
  const script = asset('dist', 'tools', 'bench', 'core', 'subject.js');
  const args = ['--engine', engine, '--file', file, '--threads', String(threads)];
  return { command: 'env', args: [`OCELLUS_KERNELS=${variant}`, process.execPath, script, ...args] };
}

/** Ours in each instruction set that has kernels of its own, the best one first. */
function ours(network: string, file: string, threads: number): Subject[] {
  const { addon } = loadAddon();
  const own = addon?.variants.filter(
    (variant) =>
      (values.isa ? variant === values.isa : variant !== 'scalar') && addon.kernels(variant).chosen.program === variant,
  );
  return (own ?? []).toReversed().map((variant) => ({
    ...{ name: `compiled, ${variant}`, network },
    ...node(variant, 'native', file, threads),
  }));
}

async function programOf(model: FoundModel, scratch: string): Promise<string> {
  if (model.program) return model.program.path;
  // It is quantised already: no pictures are needed.
  const { program } = await compileModel(await readForm(model, 'network'));
  const file = join(scratch, `${model.name}.ocp`);
  writeFileSync(file, writeProgram(program));
  return file;
}

/** The run-times of Python for a network; those that cannot run it are said, with the reason. */
function othersOf(network: string, python: string, folder: string, threads: number): Subject[] {
  const answer = execFileSync(python, [peerScript, 'list', folder], { encoding: 'utf8' });
  const { subjects, missing } = JSON.parse(answer) as { subjects: string[]; missing: Record<string, string> };
  for (const [name, reason] of Object.entries(missing)) console.error(`${network}: without ${name}: ${reason}`);
  return subjects.map((name) => {
    return { name, network, command: python, args: [peerScript, 'run', folder, name, String(threads)] };
  });
}

const modelNames = new Map([
  ['YOLOX-nano', defaultModel],
  ['NanoDet-g', 'nanodet-g-416-int8'],
  ['EfficientNet-Lite0', defaultClassifier],
  ['EfficientNet-Lite1', otherClassifier],
]);

async function subjectsOf(threads: number, python: string, scratch: string): Promise<Subject[][]> {
  const [detector, before, lite0, lite1] = await Promise.all([...modelNames.values()].map(findModel));
  const onnxruntime = (network: string, model: FoundModel, what: string): Subject => {
    return {
      name: `onnxruntime 1.30 (Node) ${what}`,
      network,
      ...node('', 'onnxruntime', model.network!.path, threads),
    };
  };
  const group = async (network: string, model: FoundModel, what: string, more: Subject[] = []) => [
    ...ours(network, await programOf(model, scratch), threads),
    onnxruntime(network, model, what),
    ...othersOf(network, python, preparePeers(python, model, values.pictures), threads),
    ...more,
  ];
  return [
    await group('YOLOX-nano', detector!, 'fp32', [onnxruntime('NanoDet-g', before!, 'int8 (the default before)')]),
    await group('NanoDet-g', before!, 'int8'),
    await group('EfficientNet-Lite0', lite0!, 'int8'),
    await group('EfficientNet-Lite1', lite1!, 'fp16', [
      onnxruntime('EfficientNet-Lite0', lite0!, 'int8 (the default before)'),
    ]),
  ];
}

interface Measured {
  readonly subject: Subject;
  readonly wallMs: Spread;
  readonly cpuMs: Spread;
  /** Of its time to the first subject's in the same round: how many times as fast that one is. */
  readonly ratio: Spread;
  readonly readyMs: number | undefined;
}

/** Each round runs all, the next one the other way round. */
async function measure(
  subjects: readonly Subject[],
  rounds: number,
  progress: Progress,
  env: Record<string, string>,
): Promise<Measured[]> {
  const running: { subject: Subject; process: Running; repeat: number; times: Timed[] }[] = [];
  for (const subject of subjects) {
    try {
      const process = await Running.start(subject, env);
      const { wallMs } = await process.run(3);
      running.push({ subject, process, repeat: Math.max(1, Math.round(burstMs / wallMs)), times: [] });
    } catch (error) {
      console.error((error as Error).message);
    }
  }
  for (let round = 0; round < rounds; round++) {
    progress.next(`${subjects[0]!.network}, round ${round + 1} of ${rounds}`);
    for (const one of round % 2 === 0 ? running : running.toReversed()) {
      one.times.push(await one.process.run(one.repeat));
    }
  }
  for (const { process } of running) process.end();
  const [first] = running;
  return running.map(({ subject, process, times }) => ({
    subject,
    wallMs: spread(times.map(({ wallMs }) => wallMs)),
    cpuMs: spread(times.map(({ cpuMs }) => cpuMs)),
    ratio: spread(times.map(({ cpuMs }, round) => cpuMs / first!.times[round]!.cpuMs)),
    readyMs: process.readyMs,
  }));
}

/** What processes need in their environment so that the processor seems to have this instruction set and nothing newer. */
function withNothingNewer(isa: string, scratch: string): Record<string, string> {
  const library = join(scratch, 'older.so');
  const how = ['-O2', '-std=c++17', '-shared', '-fPIC', '-Wl,-z,initfirst', ...hidden.get(isa)!];
  execFileSync('g++', [...how, asset('tools', 'bench', 'core', 'older.cpp'), '-o', library]);
  return { LD_PRELOAD: library };
}

/** Multiply-adds a nanosecond that one core can do at most, by the 8-bit instruction of each instruction set that has one. */
function peaks(scratch: string): Map<string, number> {
  try {
    execFileSync('g++', ['-O2', asset('tools', 'bench', 'core', 'peak.cpp'), '-o', join(scratch, 'peak')]);
    const lines = execFileSync(join(scratch, 'peak'), { encoding: 'utf8' }).trim().split('\n');
    return new Map(lines.map((line) => [line.split(' ')[0]!, Number(line.split(' ')[1])]));
  } catch {
    return new Map();
  }
}

/** Of `ocellus run` with one camera, the hub and the page, MB: after so many seconds. */
async function residentMb(clip: string, port: number, seconds: number): Promise<number> {
  const args = [
    'run',
    '--source',
    `file:${clip}`,
    '--node',
    'bench',
    '--broker',
    `mqtt://127.0.0.1:${port}`,
    '--port',
    '0',
  ];
  const child = spawn('env', [...launcher(), asset('bin', 'ocellus.js'), ...args], { cwd: '/', stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  child.kill('SIGTERM');
  await ended;
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1000;
}

async function bench(rounds: number): Promise<void> {
  if (!existsSync(values.pictures))
    throw new InputError(`--pictures: expected a folder of photographs, got ${values.pictures}`);
  if (values.isa && !hidden.has(values.isa))
    throw new InputError(`--isa: expected ${[...hidden.keys()].join(' or ')}, got ${values.isa}`);
  const scratch = mkdtempSync(join(tmpdir(), 'ocellus-core-'));
  try {
    const python = preparePython('core.txt');
    const env = values.isa ? withNothingNewer(values.isa, scratch) : {};
    const threads = values.threads.split(',').map(Number);
    const progress = new Progress(4 * threads.length * rounds);
    const results: { threads: number; measured: Measured[] }[] = [];
    for (const count of threads) {
      for (const subjects of await subjectsOf(count, python, scratch)) {
        results.push({ threads: count, measured: await measure(subjects, rounds, progress, env) });
      }
    }
    for (const { threads: count, measured } of results) {
      const rows = measured.map(({ subject, wallMs, cpuMs, ratio, readyMs }) => {
        const ready = readyMs === undefined ? '' : readyMs.toFixed(0);
        return [`${subject.network}: ${subject.name}`, inWords(wallMs), inWords(cpuMs), inWords(ratio), ready];
      });
      const head = ['RUN BY', 'ms BY THE CLOCK', 'ms OF THE PROCESSOR', 'TIMES THE FIRST', 'LOADED AND RUN ONCE, ms'];
      console.log(`\n${count} ${count === 1 ? 'thread' : 'threads'}\n${table([head, ...rows])}`);
    }
    const gains = await tellGains(threads, rounds, scratch, env);
    const limits = values.isa ? undefined : tellLimit(results, await findModel(defaultModel), peaks(scratch));
    const whole = existsSync(values.clip) && !values.isa ? await tellWhole(scratch) : undefined;
    writeFileSync(values.json, `${JSON.stringify({ rounds, results, gains, limits, ...whole }, null, 2)}\n`);
    console.log(`\nMedians of ${rounds} rounds (smallest-largest). Written to ${values.json}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** What threads gain, network by network, beside what the machine has to give. */
async function tellGains(
  threads: readonly number[],
  rounds: number,
  scratch: string,
  env: Record<string, string>,
): Promise<object[]> {
  const all: object[] = [];
  const rows: string[][] = [];
  for (const [network, name] of modelNames) {
    const file = await programOf(await findModel(name), scratch);
    for (const [i, { name: kernels }] of ours(network, file, 1).entries()) {
      for (const count of threads.filter((one) => one > 1)) {
        const gain = await gainsOf((many) => ours(network, file, many)[i]!, count, rounds, env);
        rows.push([`${network}: ${kernels}`, `${count}`, inWords(gain.threads), inWords(gain.processes)]);
        all.push({ network, kernels, count, ...gain });
      }
    }
  }
  if (rows.length > 0) {
    const head = [
      'TIMES AS FAST AS ONE THREAD, BY THE CLOCK',
      'THREADS',
      'ONE PROGRAM',
      'AS MANY PROGRAMS OF ONE THREAD',
    ];
    console.log(`\n${table([head, ...rows])}`);
  }
  return all;
}

function tellLimit(
  results: readonly { threads: number; measured: Measured[] }[],
  model: FoundModel,
  most: Map<string, number>,
) {
  const measured = results.find(({ threads }) => threads === 1)?.measured;
  if (!measured || !model.program) return undefined;
  const { macs } = totalsOf(readProgram(readFileSync(model.program.path)));
  const limits = [...most].flatMap(([variant, peakPerNanosecond]) => {
    const own = measured.find(({ subject }) => subject.name === `compiled, ${variant}`);
    if (!own) return [];
    return [{ variant, peakPerNanosecond, share: macs / (own.cpuMs.median * 1e6) / peakPerNanosecond }];
  });
  console.log(`\n${(macs / 1e6).toFixed(1)} million multiply-adds in ${model.name}`);
  for (const { variant, peakPerNanosecond, share } of limits) {
    const percent = (share * 100).toFixed(0);
    console.log(
      `${variant}: this core does ${peakPerNanosecond.toFixed(0)} a nanosecond at most; ${percent} % of that`,
    );
  }
  return { macs, limits };
}

/** What a user waits for, and what it takes: `ocellus run` with one camera of the clip's size. */
async function tellWhole(scratch: string) {
  const broker = await startBroker({ host: '127.0.0.1', port: 0 });
  const port = Number(new URL(broker.url).port);
  try {
    // Somebody is in view from the first frame on.
    const present = join(scratch, 'present.mp4');
    const cut = ['-ss', '30', '-t', '30', '-i', values.clip, '-c:v', 'libx264', '-crf', '18', '-r', '10', present];
    execFileSync('ffmpeg', ['-nostdin', '-loglevel', 'error', '-y', ...cut]);
    const starts: number[] = [];
    const memory: number[] = [];
    for (let round = 0; round < 3; round++) {
      starts.push((await timeToFirstEvent(present, port)).wallMs);
      memory.push(await residentMb(present, port, 20));
    }
    console.log(
      `\nocellus run to the first event: ${inWords(spread(starts), 0)} ms; resident: ${inWords(spread(memory), 0)} MB`,
    );
    return { startMs: starts, residentMb: memory };
  } finally {
    await broker.stop();
  }
}

try {
  await bench(Number(values.rounds));
} catch (error) {
  printError(error);
  process.exit(1);
}
