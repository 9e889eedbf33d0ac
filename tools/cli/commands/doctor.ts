import type { Command } from 'commander';
import {
  describeBoard,
  findCameras,
  findPower,
  findPrograms,
  measureWatts,
  readThrottling,
} from '../../../devices/index.ts';
import { chooseProfile } from '../../../sdk/config/profile.ts';
import { listModels } from '../../../sdk/core/model.ts';
import { messageOf } from '../../../sdk/errors.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import { loadAddon } from '../../../sdk/kernels/native.ts';
import { printJson, table } from '../output.ts';

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('tell what this machine has, and what is missing for what')
    .option('--json', 'one JSON object')
    .action(async ({ json }: { json?: boolean }) => {
      const report = await examine();
      if (json) await printJson(report);
      else console.log(inWords(report));
      // A machine that cannot run the network cannot do the main job; all else is optional.
      if (report.onnxruntime.error) process.exitCode = 1;
    });
}

type Report = Awaited<ReturnType<typeof examine>>;

async function examine() {
  const board = describeBoard();
  const [cameras, programs, models, onnxruntime, throttling, power] = await Promise.all([
    findCameras(),
    findPrograms(),
    listModels(),
    findOnnxruntime(),
    readThrottling(),
    describePower(),
  ]);
  return {
    board: { ...board, throttling, power, profile: chooseProfile('auto', board) },
    node: process.versions.node,
    onnxruntime,
    kernels: describeKernels(),
    cameras,
    programs,
    models: models.map(({ name }) => name),
  };
}

/** What measures the power of this board and how much it is now, or why nothing does. */
async function describePower(): Promise<{ source: string; covers: string; watts?: number } | { why: string }> {
  const found = await findPower();
  if (!found.source) return { why: found.why };
  const { name, covers } = found.source;
  return { source: name, covers, watts: await measureWatts(found.source) };
}

/** What this processor offers, and which of it is in use. */
function describeKernels() {
  const { addon, file, why } = loadAddon();
  return { inUse: kernels.name, variants: addon?.variants ?? [], file, ...(addon ? {} : { why }) };
}

/** Loading it is the only test that says something: a library of the wrong platform is there too. */
async function findOnnxruntime(): Promise<{ version?: string; error?: string }> {
  try {
    await import('../../../sdk/core/engines/no-telemetry.ts');
    const { env } = await import('onnxruntime-node');
    return { version: env.versions.node ?? env.versions.common };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

function inWords({ board, node, onnxruntime, kernels, cameras, programs, models }: Report): string {
  const temperature = board.temperature === undefined ? '' : `, ${board.temperature.toFixed(0)} °C`;
  const machine = table([
    ['board', `${board.model} (${board.board})`],
    ['processor', `${board.cpu}, ${board.cores} cores, ${board.arch}${temperature}`],
    ['instruction sets', board.instructionSets.join(' ') || 'none that matter here'],
    ['memory', `${board.memoryMb} MB`],
    ...throttlingRow(board.throttling),
    ['power', powerInWords(board.power)],
    ['profile', profileInWords(board.profile)],
    ['Node', node],
    ['onnxruntime', onnxruntime.version ?? `cannot be loaded: ${onnxruntime.error}`],
    [
      'kernels',
      kernels.variants.length > 0 ? `${kernels.inUse}; there are ${kernels.variants.join(', ')}` : kernels.inUse,
    ],
    ['models', models.join(', ')],
  ]);
  const found =
    cameras.length > 0
      ? cameras.map(({ uri, title }) => `  ${uri}  ${title}`).join('\n')
      : '  none; `ocellus run` shows the built-in scene. A camera on USB shows up as soon as it is plugged in.';
  const parts = table(
    programs.map(({ name, path, version, purpose, install }) =>
      path || version ? ['  ok', name, version ?? '', purpose] : ['  --', name, 'missing', `${purpose}: ${install}`],
    ),
  );
  return `${machine}\n\ncameras\n${found}\n\nprograms\n${parts}`;
}

function throttlingRow(throttling: Report['board']['throttling']): string[][] {
  if (!throttling) return [];
  const { now, sinceBoot } = throttling;
  const past = sinceBoot && sinceBoot.length > 0 ? `; since it was switched on: ${sinceBoot.join(', ')}` : '';
  return [['held back by', `${now.join(', ') || 'nothing'}${past}`]];
}

function powerInWords(power: Report['board']['power']): string {
  if ('why' in power) return `not known: ${power.why}`;
  const watts = power.watts === undefined ? 'cannot be read now' : `${power.watts.toFixed(2)} W`;
  return `${watts} (${power.source}, ${power.covers})`;
}

const profileInWords = ({ name, threads, fps, keepalive }: Report['board']['profile']) =>
  `${name}: threads ${threads}, fps ${fps}, keepalive ${keepalive} (docs/boards.md)`;
