import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import {
  type DecoderTrial,
  describeBoard,
  describeLibcamera,
  discoverCameras,
  type FoundCamera,
  type FoundNetworkCamera,
  findCameras,
  findPower,
  findPrograms,
  measureWatts,
  readThrottling,
  tryDecoders,
} from '../../../devices/index.ts';
import { messageOf } from '../../../sdk/base/errors.ts';
import { chooseProfile } from '../../../sdk/config/profile.ts';
import { isOnnxruntimeInstalled, onnxruntime } from '../../../sdk/core/engines/onnxruntime-package.ts';
import { listModels } from '../../../sdk/core/model.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import { loadAddon } from '../../../sdk/kernels/native.ts';
import { oneLine, printJson, table } from '../../shared/output.ts';
import { foreignLibraries, onnxruntimeFolder, removeForeignLibraries } from '../foreign-libraries.ts';

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('show what this machine has, and what is missing for which feature')
    .option('--json', 'one JSON object')
    .option('--discover', 'also search the network for ONVIF cameras, without changing anything on them')
    .option('--prune', "remove onnxruntime's libraries for other systems, and print how much that frees")
    .action(async ({ json, discover = false, prune }: DoctorOptions) => {
      if (prune) {
        const freed = isOnnxruntimeInstalled() ? removeForeignLibraries(onnxruntimeFolder()) : 0;
        if (json) await printJson({ freedMb: megabytes(freed) });
        else console.log(freed > 0 ? `${megabytes(freed)} MB freed` : 'there was nothing to remove');
        return;
      }
      const report = await examine(discover);
      if (json) await printJson(report);
      else console.log(inWords(report));
      // A machine that cannot run the network cannot do the main job; all else is optional.
      if (report.onnxruntime.error && !report.kernels.programs) process.exitCode = 1;
    });
}

interface DoctorOptions {
  json?: boolean;
  discover?: boolean;
  prune?: boolean;
}

const megabytes = (bytes: number) => Math.round(bytes / 1e6);

type Report = Awaited<ReturnType<typeof examine>>;

async function examine(discover: boolean) {
  const board = describeBoard();
  const [cameras, programs, models, onnxruntime, throttling, power, decoders, networkCameras] = await Promise.all([
    findCameras(),
    findPrograms(),
    listModels(),
    findOnnxruntime(),
    readThrottling(),
    describePower(),
    tryDecoders(),
    discover ? discoverCameras() : undefined,
  ]);
  return {
    board: { ...board, throttling, power, profile: chooseProfile('auto', board) },
    node: process.versions.node,
    onnxruntime,
    kernels: describeKernels(),
    libcamera: describeLibcamera(),
    cameras,
    ...(networkCameras && { networkCameras }),
    programs,
    decoders,
    models: models.map(({ name }) => name),
  };
}

/** What measures the power of this board and its current value, or why nothing does. */
async function describePower(): Promise<{ source: string; covers: string; watts?: number } | { why: string }> {
  const found = await findPower();
  if (!found.source) return { why: found.why };
  const { name, covers } = found.source;
  return { source: name, covers, watts: await measureWatts(found.source) };
}

/** The kernels for this processor, and those in use. */
function describeKernels() {
  const { addon, file, why } = loadAddon();
  // As `core.engine: auto` has it.
  const programs = kernels.programs?.isFast ? kernels.programs.isa : null;
  return {
    inUse: kernels.name,
    programs,
    jpeg: kernels.jpeg ? 'libjpeg-turbo' : 'sharp',
    variants: addon?.variants ?? [],
    file,
    cLibrary: file && cLibraryBeside(file),
    ...(addon ? {} : { why }),
  };
}

/** What programs in C link: beside the addon that a checkout builds, in `lib` of a package. */
function cLibraryBeside(addon: string): string | undefined {
  const folder = dirname(addon);
  return [join(folder, 'libocellus.so'), join(folder, 'lib', 'libocellus.so')].find((path) => existsSync(path));
}

/** Loading it is the only reliable test: a library for the wrong platform exists too. */
async function findOnnxruntime(): Promise<{ version?: string; foreignMb?: number; error?: string }> {
  if (!isOnnxruntimeInstalled()) return { error: 'not installed' };
  try {
    const { env } = onnxruntime();
    const foreign = foreignLibraries(onnxruntimeFolder()).reduce((sum, { bytes }) => sum + bytes, 0);
    return { version: env.versions.node ?? env.versions.common, foreignMb: megabytes(foreign) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

/** What runs the models that ship. */
export function programsInWords({ programs, inUse }: Pick<Report['kernels'], 'programs' | 'inUse'>): string {
  if (programs) return `run in the kernels for ${programs}`;
  return inUse.startsWith('native')
    ? 'no kernels for this processor: their networks run in onnxruntime'
    : 'their networks run in onnxruntime; `npm run kernels` builds what runs them in a fraction of the time';
}

/** What decodes them. */
export function jpegInWords({ jpeg, inUse }: Pick<Report['kernels'], 'jpeg' | 'inUse'>): string {
  if (jpeg === 'libjpeg-turbo') return 'libjpeg-turbo, in the kernels';
  return inUse.startsWith('native')
    ? 'sharp; kernels built with libjpeg62-turbo-dev decode them in half the time'
    : 'sharp';
}

/** The source that `libcamera:` uses here, and what the native one would need. */
function libcameraInWords({ source, version, why }: Report['libcamera']): string {
  if (source === 'native') return `native source, ${version}`;
  const program = source === 'none' ? 'no program (rpicam-vid)' : source;
  return `${program}; no native source: ${why}`;
}

function inWords(report: Report): string {
  const { board, node, onnxruntime, kernels, libcamera, cameras, networkCameras, programs, decoders, models } = report;
  const temperature = board.temperature === undefined ? '' : `, ${board.temperature.toFixed(0)} °C`;
  const machine = table([
    ['board', `${board.model} (${board.board})`],
    ['processor', `${board.cpu}, ${board.cores} cores, ${board.arch}${temperature}`],
    ['instruction sets', board.instructionSets.join(' ') || 'none that are used here'],
    ['memory', `${board.memoryMb} MB`],
    ...throttlingRow(board.throttling),
    ['power', powerInWords(board.power)],
    ['profile', profileInWords(board.profile)],
    ['Node', node],
    ['onnxruntime', onnxruntimeInWords(onnxruntime)],
    [
      'kernels',
      kernels.variants.length > 0 ? `${kernels.inUse}; available: ${kernels.variants.join(', ')}` : kernels.inUse,
    ],
    ['compiled networks', programsInWords(kernels)],
    ['JPEG pictures', jpegInWords(kernels)],
    ...(kernels.cLibrary ? [['C library', kernels.cLibrary]] : []),
    ['libcamera', libcameraInWords(libcamera)],
    ['video decoding', decodersInWords(decoders)],
    ['models', models.join(', ')],
  ]);
  const parts = table(
    programs.map(({ name, path, version, purpose, install }) =>
      path || version ? ['  ok', name, version ?? '', purpose] : ['  --', name, 'missing', `${purpose}: ${install}`],
    ),
  );
  const network = networkCameras ? `\n\nnetwork cameras\n${networkInWords(networkCameras)}` : '';
  return `${machine}\n\ncameras\n${camerasInWords(cameras)}${network}\n\nprograms\n${parts}`;
}

export function onnxruntimeInWords({ version, foreignMb = 0, error }: Report['onnxruntime']): string {
  if (error === 'not installed') return `${error}; only ONNX files that are not compiled need it (docs/install.md)`;
  if (version === undefined) return `cannot be loaded: ${error}`;
  if (foreignMb === 0) return version;
  return `${version}; ${foreignMb} MB of it are for other systems: \`ocellus doctor --prune\` removes them`;
}

/** Their names come from the cameras. */
export function camerasInWords(cameras: readonly FoundCamera[]): string {
  if (cameras.length === 0) {
    return '  none; `ocellus run` shows the built-in scene. A USB camera shows up as soon as it is plugged in.';
  }
  const lines = cameras.map(({ uri, title }) => `  ${uri}  ${oneLine(title)}`);
  return [...lines, '  `ocellus cameras` lists their formats and controls.'].join('\n');
}

/** Texts from cameras must not control the terminal. */
export function networkInWords(cameras: readonly FoundNetworkCamera[]): string {
  if (cameras.length === 0)
    return '  none answered (ONVIF); many cameras have it switched off, or are in another network';
  const rows = cameras.map(({ address, name, hardware }) => [
    `  ${address}`,
    oneLine(name ?? ''),
    oneLine(hardware ?? ''),
  ]);
  return `${table(rows)}\n  source: rtsp://user:password@ADDRESS/PATH; the path is in the camera’s manual`;
}

/** For each codec the first that works, else what was tried. */
export function decodersInWords(trials: readonly DecoderTrial[]): string {
  if (trials.length === 0) return 'software; the kernel has no video hardware that ffmpeg supports';
  const codecs = [...new Set(trials.map(({ codec }) => codec))];
  return codecs
    .map((codec) => {
      const ways = trials.filter((trial) => trial.codec === codec);
      const works = ways.find(({ problem }) => problem === undefined);
      if (works) return `${codec} with ${works.name}`;
      return `${codec} in software (${ways.map(({ name, problem }) => `${name}: ${problem}`).join('; ')})`;
    })
    .join(', ');
}

function throttlingRow(throttling: Report['board']['throttling']): string[][] {
  if (!throttling) return [];
  const { now, sinceBoot } = throttling;
  const past = sinceBoot && sinceBoot.length > 0 ? `; since power-on: ${sinceBoot.join(', ')}` : '';
  return [['throttled by', `${now.join(', ') || 'nothing'}${past}`]];
}

function powerInWords(power: Report['board']['power']): string {
  if ('why' in power) return `unknown: ${power.why}`;
  const watts = power.watts === undefined ? 'cannot be read now' : `${power.watts.toFixed(2)} W`;
  return `${watts} (${power.source}, ${power.covers})`;
}

const profileInWords = ({ name, threads, fps, keepalive }: Report['board']['profile']) =>
  `${name}: threads ${threads}, fps ${fps}, keepalive ${keepalive} (docs/boards.md)`;
