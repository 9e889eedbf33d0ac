import { createHash } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import type { ModelCard } from '../../../sdk/core/cards/card.ts';
import { findModel, programEnding, readForm } from '../../../sdk/core/cards/model-file.ts';
import { readProgram, writeProgram } from '../../../sdk/core/program/format.ts';
import { listProgram, totalsOf } from '../../../sdk/core/program/listing.ts';
import type { Program } from '../../../sdk/core/program/program.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import { printJson, printNote, progress, table } from '../../shared/output.ts';
import { withFolders } from '../picture-files.ts';
import { writeResult } from '../write-result.ts';

interface CompileOptions {
  calibrate?: string;
  out?: string;
  list?: boolean;
  profile?: boolean;
  json?: boolean;
}

export function addCompile(program: Command): void {
  program
    .command('compile')
    .description('compile a network into a program of 8-bit steps, which Ocellus runs without onnxruntime')
    .argument('<model>', 'a name of `ocellus models`, an ONNX file, a card, or a program (.ocp) to list')
    .option('--calibrate <dir>', 'pictures like those it will see; a network that is quantised already needs none')
    .option('--out <file>', 'the program (default: the network’s name with .ocp, in this folder)')
    .option('--list', 'print its steps, one a line; nothing is written without --out')
    .option('--profile', 'the same with the time of each step, of many runs on this machine')
    .option('--json', 'with --list and --profile: one JSON line a step')
    .action(compile);
}

async function compile(model: string, options: CompileOptions): Promise<void> {
  const isShown = options.list || options.profile;
  if (options.out !== undefined) await assertOut(options.out);
  const known = await knownProgram(model, options);
  if (known && isShown) return show(known, options);
  const found = await findModel(model);
  const file = await readForm(found, 'network');
  const pictures = options.calibrate === undefined ? undefined : await withFolders([options.calibrate]);
  // It runs the network in onnxruntime, which no other command is to load for it.
  const { compileModel } = await import('../../../sdk/core/compiler/compile-model.ts');
  const bar = progress('calibrate', 2 * (pictures?.length ?? 0));
  const { program, card } = await compileModel(file, { pictures, onPicture: () => bar.step() }).finally(() =>
    bar.done(),
  );
  const bytes = writeProgram(program);
  if (options.out !== undefined || !isShown) {
    const out = options.out ?? `${card.name}${programEnding}`;
    await write(out, bytes, card);
    const { steps, macs, arenaBytes } = totalsOf(program);
    printNote(
      `${out}: ${steps} steps, ${(macs / 1e6).toFixed(1)} million multiply-adds, ${bytes.length} bytes, ${arenaBytes} bytes of memory`,
    );
  }
  if (isShown) await show({ program, bytes }, options);
}

interface Shown {
  readonly program: Program;
  readonly bytes: Uint8Array;
}

/** A program that is there need not be compiled to be shown. */
async function knownProgram(model: string, { calibrate, out }: CompileOptions): Promise<Shown | undefined> {
  if (calibrate !== undefined || out !== undefined) return undefined;
  if (model.endsWith(programEnding)) return readShown(model);
  const { program } = await findModel(model);
  return program && readShown(program.path);
}

async function readShown(path: string): Promise<Shown> {
  try {
    const bytes = await readFile(path);
    return { program: readProgram(bytes), bytes };
  } catch (error) {
    throw new InputError(`the program ${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** Said before the network is compiled, which can take minutes. */
async function assertOut(out: string): Promise<void> {
  if (!out.endsWith(programEnding)) throw new InputError(`--out: expected a name with ${programEnding}, got ${out}`);
  await access(dirname(out)).catch(() => {
    throw new InputError(`--out: expected a file in a folder that exists, got ${out}`);
  });
}

/** The program, and a card beside it where there is none. */
async function write(path: string, bytes: Uint8Array, card: ModelCard): Promise<void> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = basename(path);
  const cardPath = join(dirname(path), `${basename(path, programEnding)}.card.json`);
  const there = await cardAt(cardPath);
  await writeResult(path, bytes);
  if (!there) {
    const { program: _, ...own } = card;
    await writeResult(
      cardPath,
      `${JSON.stringify({ ...own, name: basename(path, programEnding), file, sha256 }, null, 2)}\n`,
    );
    return;
  }
  // Nothing else of a card that somebody wrote is touched.
  if (there.program?.file === file) there.program.sha256 = sha256;
  else if (there.file === file) there.sha256 = sha256;
  else {
    printNote(`${cardPath} does not name ${file}: add "program": {"file": "${file}", "sha256": "${sha256}"}`);
    return;
  }
  await writeResult(cardPath, `${JSON.stringify(there, null, 2)}\n`);
}

async function cardAt(path: string): Promise<ModelCard | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ModelCard;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new InputError(`the card ${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

async function show({ program, bytes }: Shown, { profile, json }: CompileOptions): Promise<void> {
  const times = profile ? measure(program, bytes) : undefined;
  const steps = listProgram(program);
  const total = times?.reduce((sum, one) => sum + one, 0) ?? 0;
  if (json) {
    for (const step of steps) await printJson({ ...step, ...(times && { microseconds: rounded(times[step.index]!) }) });
    return;
  }
  const head = ['STEP', 'OPERATION', 'READS', 'WRITES', 'KERNEL', 'THEN', 'AT', 'BYTES', 'MULTIPLY-ADDS', 'NODE'];
  const rows = steps.map(({ index, op, from, to, kernel, epilogue, at, constantBytes, macs, name }) => {
    const own = [index, op, from, to, kernel, epilogue, at, constantBytes, macs].map(String);
    const time = times && [times[index]!.toFixed(1), `${((100 * times[index]!) / total).toFixed(1)} %`];
    return [...own, ...(time ?? []), name];
  });
  if (times) head.splice(9, 0, 'MICROSECONDS', 'SHARE');
  console.log(table([head, ...rows]));
  const { macs, constantBytes, arenaBytes } = totalsOf(program);
  const took = times ? `, ${(total / 1000).toFixed(2)} ms on one thread (${kernels.programs!.isa})` : '';
  console.log(
    `${steps.length} steps, ${(macs / 1e6).toFixed(1)} million multiply-adds, ${constantBytes} bytes of constants, ${arenaBytes} bytes of memory${took}`,
  );
}

const rounded = (value: number) => Math.round(value * 100) / 100;

/** Runs that are measured, after some that are not. */
const runs = 40;
const first = 5;

/** The median time of each step, microseconds. @throws InputError where there are no kernels that run programs. */
function measure(program: Program, bytes: Uint8Array): number[] {
  const runner = kernels.programs?.load(bytes, 'the program', 1);
  if (!runner) throw new InputError('--profile: expected the native kernels, which run programs: npm run kernels');
  try {
    const inputs = program.tensors
      .filter(({ direction }) => direction === 'input')
      .map(({ shape }) => new Uint8Array(shape.reduce((product, side) => product * side, 1)).fill(114));
    const nanoseconds = new Float64Array(program.steps.length);
    const all = program.steps.map((): number[] => []);
    for (let run = -first; run < runs; run++) {
      runner.run(inputs, nanoseconds);
      if (run < 0) continue;
      for (const [i, times] of all.entries()) times.push(nanoseconds[i]! / 1000);
    }
    return all.map((times) => times.sort((a, b) => a - b)[runs >> 1]!);
  } finally {
    runner.close();
  }
}
