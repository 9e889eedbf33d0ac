// `npm run bench:scale`: pictures by Spark and by Hadoop Streaming beside the bare core on the same cores, and beside Spark's own way to run
// a network, in turns. tools/setup/bench-scale.mjs makes what is needed and starts this.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asset, packageRoot } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import { printError, table } from '../../shared/output.ts';
import { inWords, spread } from '../../shared/run.ts';
import { Progress } from '../progress.ts';
import { type Cost, commandCost, type JobKind, SparkSession } from './subjects.ts';

/** What can be measured apart from the others. */
const sections = ['local', 'cluster', 'hadoop'] as const;

const { values } = parseArgs({
  options: {
    pictures: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: sections.join(',') },
  },
});
const pictures = Number(values.pictures);
const rounds = Number(values.rounds);
const asked = values.only.split(',');
/** Where the shared photographs are absent, those of the scene. */
const photos = [
  join(packageRoot, '..', 'shared', 'data', 'coco', 'calibration'),
  asset('devices', 'scene', 'photos'),
].find((folder) => existsSync(folder))!;

/** Of the table, in its order: what it is called, whose it is, and whether with what was taken from it. */
const rows: readonly (readonly [title: string, name: string, whole?: true])[] = [
  ['ocellus detect --parquet, 2 processes', 'core'],
  ['ocellus-spark in local[2]', 'spark'],
  ['ocellus-spark in local[2], files read by the worker', 'sparkFiles'],
  ['predict_batch_udf with onnxruntime in local[2]', 'udf'],
  ['predict_batch_udf in local[2], files read by it', 'udfFiles'],
  ['start of a worker, without a picture', 'start'],
  ['ocellus-spark, one executor of one core', 'single'],
  ['ocellus-spark, two executors of one core', 'double'],
  ['ocellus worker --typedbytes', 'worker', true],
  ['Hadoop Streaming, one mapper', 'hadoop', true],
  ['ocellus worker --typedbytes, less that of one picture', 'worker'],
  ['Hadoop Streaming, less a job of one picture', 'hadoop'],
];

/** What is divided by what, in the same round. */
const ratios: readonly (readonly [title: string, above: string, below: string, cores?: number])[] = [
  ['Spark to the core: pictures a second', 'core', 'spark'],
  ['the same, files read by the worker', 'core', 'sparkFiles'],
  ['Spark to predict_batch_udf: rows a second', 'udf', 'spark'],
  ['the same, files read by both', 'udfFiles', 'sparkFiles'],
  // By the processor's time, as if each had a core of its own.
  ['two executors to one: pictures a second', 'single', 'double', 2],
  ['Hadoop Streaming to the worker: time, less their starts', 'hadoop', 'worker'],
];

/** Of a job of Hadoop: else a file of this machine is split every 32 MiB, and a worker is started for each. */
const oneMapper = ['-D', `mapreduce.input.fileinputformat.split.minsize=${2 ** 40}`] as const;

const scratch = mkdtempSync(join(tmpdir(), 'ocellus-scale-'));
const album = join(scratch, 'album');
const ocellus = [process.execPath, asset('bin', 'ocellus.js')] as const;
const sessions: SparkSession[] = [];
try {
  await bench();
} catch (error) {
  printError(error);
  process.exitCode = 1;
} finally {
  for (const session of sessions) session.kill();
  rmSync(scratch, { recursive: true, force: true });
}

async function bench(): Promise<void> {
  const wrong = asked.find((name) => !sections.includes(name as never));
  if (wrong !== undefined) throw new InputError(`--only: expected some of ${sections.join(', ')}, got ${wrong}`);
  const bytes = plantAlbum();
  const turns: Readonly<Record<string, () => Promise<Turn[]>>> = { local, cluster, hadoop };
  const all: Turn[] = [];
  for (const name of asked) all.push(...(await turns[name]!()));
  const progress = new Progress(rounds * all.length);
  const costs: Record<string, Cost[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const { name, work } of all) {
      progress.next(`round ${round + 1} of ${rounds}: ${name}`);
      const cost = await work(join(scratch, `${name}-${round}`));
      costs[name] = [...(costs[name] ?? []), cost];
    }
  }
  report(costs, bytes);
}

/** One of those that take turns. */
interface Turn {
  readonly name: string;
  /** @param out Path of what it writes. */
  work(out: string): Promise<Cost>;
}

async function local(): Promise<Turn[]> {
  const session = await started('local[2]', ['ours', 'udf', 'ours-files', 'udf-files']);
  const command = [...ocellus, 'detect', '--processes', '2', '--parquet'];
  return [
    { name: 'core', work: (out) => commandCost([...command, out, album]) },
    { name: 'spark', work: () => session.job('ours', pictures) },
    { name: 'sparkFiles', work: () => session.job('ours-files', pictures) },
    { name: 'udf', work: () => session.job('udf', pictures) },
    { name: 'udfFiles', work: () => session.job('udf-files', pictures) },
    { name: 'start', work: () => session.job('start', 0) },
  ];
}

async function cluster(): Promise<Turn[]> {
  const one = await started('local-cluster[1,1,1024]', ['ours']);
  const two = await started('local-cluster[2,1,1024]', ['ours']);
  return [
    { name: 'single', work: () => one.job('ours', pictures) },
    { name: 'double', work: () => two.job('ours', pictures) },
  ];
}

async function hadoop(): Promise<Turn[]> {
  const [few, packed, packedFew] = ['few', 'album.seq', 'few.seq'].map((name) => join(scratch, name));
  mkdirSync(few!);
  copyFileSync(join(album, '0.jpg'), join(few!, '0.jpg'));
  await commandCost([...ocellus, 'pack', album, packed!]);
  await commandCost([...ocellus, 'pack', few!, packedFew!]);
  const pairs = typedBytesOf(album, join(scratch, 'pairs'));
  const pairsFew = typedBytesOf(few!, join(scratch, 'pairs-few'));
  const worker = [...ocellus, 'worker', '--typedbytes', '--threads', '1'];
  return [
    {
      name: 'worker',
      work: async () => lessStart(await commandCost(worker, pairs), await commandCost(worker, pairsFew)),
    },
    {
      name: 'hadoop',
      work: async (out) => lessStart(await hadoopJob(packed!, out), await hadoopJob(packedFew!, `${out}-few`)),
    },
  ];
}

/** What all but one of the pictures took: a start is paid once, however many there are. */
function lessStart(whole: Cost, few: Cost): Cost {
  return { seconds: whole.seconds - few.seconds, cpuSeconds: whole.cpuSeconds - few.cpuSeconds, whole };
}

async function started(master: string, kinds: readonly JobKind[]): Promise<SparkSession> {
  process.stderr.write(`a session of ${master} …\n`);
  const session = await SparkSession.start(master, album, join(scratch, `out-${sessions.length}`), kinds);
  sessions.push(session);
  return session;
}

function hadoopJob(input: string, output: string): Promise<Cost> {
  const streaming = [
    'java',
    '-Xmx512m',
    '-XX:TieredStopAtLevel=1',
    '-cp',
    process.env.OCELLUS_BENCH_HADOOP!,
    'org.apache.hadoop.streaming.HadoopStreaming',
  ];
  const mapper = `${ocellus.join(' ')} worker --typedbytes --threads 1`;
  return commandCost([
    ...streaming,
    ...['-D', 'mapreduce.job.reduces=0', ...oneMapper, '-io', 'typedbytes'],
    ...['-inputformat', 'org.apache.hadoop.mapred.SequenceFileInputFormat'],
    ...['-input', input, '-output', output, '-mapper', mapper],
  ]);
}

/** @returns Bytes of all pictures. */
function plantAlbum(): number {
  mkdirSync(album);
  const names = readdirSync(photos).filter((name) => name.endsWith('.jpg'));
  let bytes = 0;
  for (let i = 0; i < pictures; i++) {
    const from = join(photos, names[i % names.length]!);
    copyFileSync(from, join(album, `${i}.jpg`));
    bytes += readFileSync(from).length;
  }
  return bytes;
}

/** What Hadoop gives a mapper, as a file. @returns Its path. */
function typedBytesOf(folder: string, path: string): string {
  const file = openSync(path, 'w');
  const put = (code: number, content: Buffer) => {
    const head = Buffer.alloc(5);
    head.writeUInt8(code);
    head.writeInt32BE(content.length, 1);
    writeSync(file, head);
    writeSync(file, content);
  };
  for (const name of readdirSync(folder)) {
    put(7, Buffer.from(name));
    put(0, readFileSync(join(folder, name)));
  }
  return path;
}

function report(costs: Readonly<Record<string, Cost[]>>, bytes: number): void {
  console.log(
    `${pictures} pictures of ${Math.round(bytes / pictures / 1000)} kB, ${rounds} rounds in turns: median (smallest-largest). Kernels: ${kernels.name}.`,
  );
  const of = (name: string, whole: true | undefined, value: (cost: Cost) => number) =>
    inWords(spread(costs[name]!.map((cost) => value(whole ? cost.whole! : cost))));
  console.log(
    table([
      ['', 'CPU SECONDS', 'SECONDS'],
      ...rows
        .filter(([, name]) => costs[name])
        .map(([title, name, whole]) => [
          title,
          of(name, whole, (cost) => cost.cpuSeconds),
          of(name, whole, (cost) => cost.seconds),
        ]),
    ]),
  );
  const ratio = (above: string, below: string, value: (cost: Cost) => number, factor = 1) =>
    inWords(spread(costs[above]!.map((cost, round) => (factor * value(cost)) / value(costs[below]![round]!))));
  console.log(
    `\n${table([
      ['RATIOS OF THE SAME ROUND', 'BY CPU', 'BY THE CLOCK'],
      ...ratios
        .filter(([, above]) => costs[above])
        .map(([title, above, below, cores]) => [
          title,
          ratio(above, below, (cost) => cost.cpuSeconds, cores),
          ratio(above, below, (cost) => cost.seconds),
        ]),
    ])}`,
  );
}
