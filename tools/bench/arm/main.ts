// `npm run bench:arm`: how much work the kernels are for the boards' processors, where no board is at hand. Instructions are
// counted under qemu; llvm-mca says how many cycles they take. Beside the scalar variant, libyuv and OpenCV;
// the compiled detector beside onnxruntime and LiteRT on the same network, in floats and in their own int8.
import { existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asset } from '../../../sdk/base/assets.ts';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import { defaultModel } from '../../../sdk/config/schema.ts';
import { type FoundModel, findModel } from '../../../sdk/core/cards/model-file.ts';
import { printError, table } from '../../shared/output.ts';
import { preparePeers } from '../core/peers.ts';
import { Progress } from '../progress.ts';
import { preparePython } from '../python.ts';
import { CycleModel } from './cycles.ts';
import { LibraryNames, readable } from './names.ts';
import { pathsOf } from './paths.ts';
import { type Program, type Programs, preparePrograms } from './programs.ts';
import { type Block, type Trace, trace } from './trace.ts';

/**
 * `cpu` is qemu's, `model` llvm-mca's. The A53 and the A72 have the same instructions, but run-times choose their code by the
 * processor's name, too. llvm gives the A76 the model of the A57; the Neoverse N1 is the A76's core with a model of its own.
 */
const processors = [
  { name: 'cortex-a53', cpu: 'cortex-a53', model: 'cortex-a53' },
  { name: 'cortex-a72', cpu: 'cortex-a72', model: 'cortex-a72' },
  { name: 'cortex-a76', cpu: 'cortex-a76', model: 'neoverse-n1' },
] as const;
const pixels = 416 * 234;
const peers = ['libyuv', 'libyuv-444', 'opencv'];
/** The file that each run-time runs of a network: of the folder of its peers, or the network's own. */
const networkPeers: Record<string, { runtime: 'onnxruntime' | 'litert'; file?: string }> = {
  onnxruntime: { runtime: 'onnxruntime' },
  'onnxruntime-int8': { runtime: 'onnxruntime', file: 'int8.onnx' },
  litert: { runtime: 'litert', file: 'fp32.tflite' },
  'litert-int8': { runtime: 'litert', file: 'int8.tflite' },
};
const jobs = [
  { name: 'bilinear', what: 'uint8 NHWC, bilinear', unit: 'pixel', units: pixels, peers },
  { name: 'area', what: 'uint8 NHWC, area', unit: 'pixel', units: pixels, peers },
  { name: 'bilinear-planar', what: 'uint8 NCHW, bilinear', unit: 'pixel', units: pixels, peers },
  { name: 'decode', what: 'decode, 80 classes', unit: 'cell', units: 3549, peers: [] },
  { name: 'motion', what: 'motion, 1280x720', unit: 'cell of 8x8', units: 160 * 90, peers: [] },
  { name: 'dot-i8', what: 'dot int8, 1280 values', unit: 'product', units: 100, peers: [] },
  { name: 'dot-f32', what: 'dot float, 1280 values', unit: 'product', units: 100, peers: [] },
  {
    ...{ name: 'network', what: 'a whole network, in millions', unit: 'inference', units: 1e6 },
    peers: Object.keys(networkPeers),
  },
] as const;
const variants = ['scalar', 'neon', 'neon_dotprod'];
let folderOfPeers: string | undefined;
/** Paths with less than this part of the instructions are taken to be like the others. */
const small = 0.002;

const { values } = parseArgs({
  options: {
    job: { type: 'string', multiple: true, default: jobs.map((job) => job.name) },
    processor: { type: 'string', multiple: true, default: processors.map((processor) => processor.name) },
    by: { type: 'string', multiple: true, default: [...variants, ...peers, ...Object.keys(networkPeers)] },
    /** One with a compiled program and the network it was made of. */
    model: { type: 'string', default: defaultModel },
    /** For the peers' own int8. */
    pictures: { type: 'string', default: asset('..', 'shared', 'data', 'coco', 'calibration') },
    /** Shows the paths where the cycles go. */
    paths: { type: 'boolean', default: false },
    json: { type: 'string', default: join(tmpdir(), 'ocellus-arm.json') },
  },
});

interface Place {
  where: string;
  cyclesPart: number;
  turns: number;
  instructions: number;
  cyclesPerTurn: number;
  assembly: string[];
}

interface Result {
  job: string;
  unit: string;
  by: string;
  processor: string;
  instructions: number;
  cycles: number;
  places: Place[];
}

try {
  await bench();
} catch (error) {
  printError(error);
  process.exit(1);
}

async function bench(): Promise<void> {
  const programs = preparePrograms();
  const model = new CycleModel(programs.mca);
  const network = await findModel(values.model);
  const results: Result[] = [];
  const chosen = jobs
    .filter(({ name }) => values.job.includes(name))
    .flatMap((job) =>
      [...variants, ...job.peers].filter((name) => values.by.includes(name)).map((by) => ({ job, by })),
    );
  const progress = new Progress(chosen.length);
  for (const { job, by } of chosen) {
    progress.next(`${job.what}, ${by}`);
    for (const { name, cpu, model: of } of processors.filter((one) => values.processor.includes(one.name))) {
      const command = commandOf(programs, network, job, by, cpu);
      if (typeof command === 'string') {
        console.error(`${job.what}: without ${by}: ${command}`);
        break;
      }
      const { program, words } = command;
      const options = ['-cpu', cpu, ...program.options];
      try {
        const counted = await trace(programs, options, [program.file, ...words]);
        if (counted) results.push({ by, processor: name, ...measure(counted, model, job, of) });
      } catch (error) {
        // A run-time's wheel may be built for newer processors only.
        if (!(by in networkPeers)) throw error;
        console.error(`${job.what}: without ${by} on ${name}: ${messageOf(error)}`);
      }
    }
  }
  console.log(tableOf(results));
  console.log(`Of one frame, by ${programs.qemu} and ${programs.mca}; ratios are of cycles, neon's being 1.`);
  console.log('Not in the cycles: misses of caches and branches, memory. Loops are treated as infinite.');
  if (values.paths) for (const result of results) printPlaces(result);
  writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
  console.log(`Written to ${values.json}`);
}

type Job = (typeof jobs)[number];

/** What counts, or why it cannot. */
function commandOf(
  programs: Programs,
  network: FoundModel,
  job: Job,
  by: string,
  cpu: string,
): { program: Program; words: string[] } | string {
  const peer = networkPeers[by];
  if (!peer) {
    const words = [job.name, by, ...(job.name === 'network' ? [formOf(network, 'program')] : [])];
    return { program: variants.includes(by) ? programs.ours : programs.peers, words };
  }
  const given = peer.file === undefined ? formOf(network, 'network') : peerFile(network, peer.file);
  return given.startsWith('/') ? { program: programs[peer.runtime](cpu), words: [given] } : given;
}

function formOf(network: FoundModel, form: 'program' | 'network'): string {
  const path = network[form]?.path;
  if (path === undefined) throw new InputError(`--model: expected a model with a ${form}, ${network.name} has none`);
  return path;
}

/** A file that only this machine's Python can make; otherwise what is missing. */
function peerFile(network: FoundModel, name: string): string {
  if (!existsSync(values.pictures)) return `--pictures: there is no folder ${values.pictures}`;
  folderOfPeers ??= preparePeers(preparePython('core.txt'), network, values.pictures);
  const path = join(folderOfPeers, name);
  return existsSync(path) ? path : `${name} could not be made of ${network.name}`;
}

function measure({ blocks, stdout }: Trace, model: CycleModel, job: Job, of: string): Omit<Result, 'by' | 'processor'> {
  const instructions = blocks.reduce((sum, block) => sum + block.count * block.words.length, 0);
  const paths = pathsOf(blocks);
  const large = paths.filter(({ count, words }) => count * words.length >= small * instructions);
  const perTurn = model.cycles(
    of,
    large.map(({ words }) => words),
  );
  const cycles = large.reduce((sum, path, i) => sum + path.count * perTurn[i]!, 0);
  const covered = large.reduce((sum, path) => sum + path.count * path.words.length, 0);
  const names = new LibraryNames(stdout);
  const places = large.map((path, i) => ({
    where: placeName(path.blocks[0]!, names),
    cyclesPart: (path.count * perTurn[i]!) / cycles,
    turns: path.count,
    instructions: path.words.length,
    cyclesPerTurn: perTurn[i]!,
    assembly: model.assembly(path.words),
  }));
  places.sort((a, b) => b.cyclesPart - a.cyclesPart);
  return {
    ...{ job: job.what, unit: job.unit },
    instructions: instructions / job.units,
    cycles: (cycles * instructions) / covered / job.units,
    places,
  };
}

function placeName(block: Block, names: LibraryNames): string {
  return block.symbol || names.nameOf(block.address) || `0x${block.address.replace(/^0+/, '')}`;
}

function tableOf(results: readonly Result[]): string {
  const names = processors.map(({ name }) => name);
  const rows = [...new Set(results.map(({ job, by }) => `${job}|${by}`))].map((key) => {
    const [job, by] = key.split('|') as [string, string];
    const of = (processor: string, other = by) =>
      results.find((result) => result.job === job && result.by === other && result.processor === processor);
    const mine = names.map((name) => of(name));
    const counts = [...new Set(mine.flatMap((result) => (result ? [result.instructions.toFixed(1)] : [])))];
    const cells = names.map((name, i) => {
      const neon = of(name, 'neon');
      if (!mine[i]) return '';
      return neon
        ? `${mine[i].cycles.toFixed(1)} (${(mine[i].cycles / neon.cycles).toFixed(2)})`
        : mine[i].cycles.toFixed(1);
    });
    return [job, by, mine.find((result) => result)!.unit, counts.join(' / '), ...cells];
  });
  return table([['WORK', 'BY', 'PER', 'INSTRUCTIONS', ...names.map((name) => name.toUpperCase())], ...rows]);
}

function printPlaces(result: Result): void {
  console.log(`\n${result.job}, ${result.by}, ${result.processor}`);
  const shown = result.places.filter(({ cyclesPart }) => cyclesPart >= 0.02);
  const rows = shown.map((place) => [
    `${(100 * place.cyclesPart).toFixed(1)} %`,
    place.turns.toFixed(0),
    String(place.instructions),
    place.cyclesPerTurn.toFixed(1),
    readable(place.where),
  ]);
  console.log(table([['CYCLES', 'TURNS', 'INSTRUCTIONS', 'CYCLES A TURN', 'WHERE'], ...rows]));
}
