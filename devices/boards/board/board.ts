import { join } from 'node:path';
import { listFolder, readText } from '../../../sdk/base/system-files.ts';
import { instructionSets } from './instructions.ts';
import { readTemperature } from './temperature.ts';

/** What machine this is. */
export interface Board {
  /** `pi5`, `pi4`, `pi3`, `pi2`, `pi1`, `pizero2`, `pizero`; `arm` for another ARM board, `pc` for any x86 machine. */
  readonly board: string;
  /** As the firmware names it: `Raspberry Pi 4 Model B Rev 1.4`. */
  readonly model: string;
  /** `arm64`, `arm`, `x64`, … as Node names it, from the files where they tell. */
  readonly arch: string;
  /** `Cortex-A72`, `Cortex-A53 + Cortex-A72`, `AMD EPYC 7B13`. */
  readonly cpu: string;
  /** Processors in use by the kernel. */
  readonly cores: number;
  readonly memoryMb: number;
  /** Instruction sets that matter to the neural core, such as `neon`, `dotprod`, `avx2`, `avx512_vnni`. */
  readonly instructionSets: readonly string[];
  /** Degrees Celsius. */
  readonly temperature?: number;
  /** Alignment of camera rows on this board, bytes; undefined when unknown. */
  readonly lumaStrideMultiple?: number;
}

/**
 * Reads what the kernel reports about this machine.
 *
 * @param root Where `proc` and `sys` are; `/` but in tests.
 */
export function describeBoard(root = '/'): Board {
  const cpuinfo = readText(join(root, 'proc/cpuinfo')) ?? '';
  const field = (name: string) => new RegExp(`^${name}\\s*: *(.*)$`, 'mi').exec(cpuinfo)?.[1]?.trim();
  const features = new Set((field('flags') ?? field('Features') ?? '').split(/\s+/));
  const isX86 = field('flags') !== undefined;
  const model =
    deviceTreeModel(root) ?? field('Model') ?? readText(join(root, 'sys/class/dmi/id/product_name')) ?? 'unknown';
  const isArm = field('CPU implementer') !== undefined;
  const board = isX86 ? 'pc' : (raspberryPi(model) ?? (isArm ? 'arm' : 'unknown'));
  return {
    board,
    model,
    arch: architecture(isX86, isArm, features),
    // 32 bit kernels have a model name as well: `ARMv7 Processor rev 4 (v7l)`, which says nothing of the core.
    cpu: isArm ? armCpus(cpuinfo) : (field('model name') ?? 'unknown'),
    cores: Math.max(1, cpuinfo.match(/^processor\s*:/gm)?.length ?? countCpus(root)),
    memoryMb: Math.round(
      Number(/^MemTotal:\s*(\d+) kB/m.exec(readText(join(root, 'proc/meminfo')) ?? '')?.[1] ?? 0) / 1024,
    ),
    instructionSets: instructionSets(features),
    temperature: readTemperature(root),
    lumaStrideMultiple: board === 'pi5' ? 128 : board.startsWith('pi') ? 64 : undefined,
  };
}

/** The Raspberry Pi model, such as `pi5`; undefined for another board. @param root Where `proc` and `sys` are. */
export const whichRaspberryPi = (root: string): string | undefined => raspberryPi(deviceTreeModel(root) ?? '');

function deviceTreeModel(root: string): string | undefined {
  return readText(join(root, 'proc/device-tree/model')) ?? readText(join(root, 'sys/firmware/devicetree/base/model'));
}

/** `Raspberry Pi Compute Module 4 Rev 1.1` is a `pi4`: what counts is the chip. */
function raspberryPi(model: string): string | undefined {
  if (!/^Raspberry Pi/i.test(model)) return undefined;
  if (/Zero 2/.test(model)) return 'pizero2';
  if (/Zero/.test(model)) return 'pizero';
  const generation = /(?:Raspberry Pi|Compute Module) ([1-9])/.exec(model)?.[1];
  // The keyboards: the 400 is a Pi 4, the 500 a Pi 5.
  return `pi${generation ?? '1'}`;
}

function architecture(isX86: boolean, isArm: boolean, features: ReadonlySet<string>): string {
  if (isX86) return features.has('lm') ? 'x64' : 'ia32';
  // 64 bit kernels say asimd where 32 bit ones say neon.
  if (isArm) return features.has('asimd') && !features.has('thumb') ? 'arm64' : 'arm';
  return process.arch;
}

const armParts: Readonly<Record<string, string>> = {
  '0xb76': 'ARM1176',
  '0xc07': 'Cortex-A7',
  '0xd03': 'Cortex-A53',
  '0xd04': 'Cortex-A35',
  '0xd05': 'Cortex-A55',
  '0xd08': 'Cortex-A72',
  '0xd09': 'Cortex-A73',
  '0xd0a': 'Cortex-A75',
  '0xd0b': 'Cortex-A76',
  '0xd0c': 'Neoverse-N1',
  '0xd40': 'Neoverse-V1',
  '0xd41': 'Cortex-A78',
  '0xd49': 'Neoverse-N2',
};

/** Boards with small and large cores have several kinds. */
function armCpus(cpuinfo: string): string {
  const implementers = [...cpuinfo.matchAll(/^CPU implementer\s*: *(.*)$/gm)];
  const parts = [...cpuinfo.matchAll(/^CPU part\s*: *(.*)$/gm)];
  const names = implementers.map(([, implementer], core) => armCpu(implementer!.trim(), parts[core]?.[1]?.trim()));
  return [...new Set(names)].join(' + ');
}

function armCpu(implementer: string, part: string | undefined): string {
  const known = implementer === '0x41' && part !== undefined ? armParts[part] : undefined;
  return known ?? `ARM implementer ${implementer}, part ${part ?? 'unknown'}`;
}

const countCpus = (root: string) => listFolder(join(root, 'sys/devices/system/cpu'), /^cpu\d+$/).length;
