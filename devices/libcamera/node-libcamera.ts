import { createRequire } from 'node:module';
import { findProgram } from '../programs/find-program.ts';

/** A program's options without their dashes; `true` is one without a value. */
export type ShellOptions = Readonly<Record<string, number | string | true>>;

/** The part of node-libcamera that is used. It joins the options to a line and gives that to a shell. */
interface NodeLibcamera {
  still(options: ShellOptions): Promise<string | undefined>;
}

/** The only program it knows for stills. */
const program = 'libcamera-still';
/** Nothing that a shell or the program would take for anything but a value. */
const plain = /^[A-Za-z0-9_/][A-Za-z0-9_./,:-]*$/;
const timeoutMs = 30_000;

/** Whether it can be used: it is installed (it is optional), and so is the program that it runs. */
export function hasNodeLibcamera(): boolean {
  return findProgram(program) !== undefined && load() !== undefined;
}

/** Whether these values are safe in a shell line: numbers, and words without characters that have a meaning there. */
export function isPlain(options: ShellOptions): boolean {
  return Object.entries(options).every(
    ([name, value]) =>
      /^[a-z-]+$/.test(name) &&
      (value === true || (typeof value === 'number' ? Number.isFinite(value) : plain.test(value))),
  );
}

/**
 * Runs `libcamera-still` through node-libcamera.
 *
 * @param options Of numbers and values of fixed lists only; whoever calls it has checked where they come from.
 * @returns What it printed.
 * @throws Error when it fails, takes too long, or an option is none that may be given to a shell.
 */
export async function runNodeLibcamera(options: ShellOptions): Promise<string> {
  const library = load();
  if (!library) throw new Error('node-libcamera is not installed');
  if (!isPlain(options)) throw new Error('node-libcamera makes a line for a shell: expected plain numbers and words');
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${program} took longer than ${timeoutMs / 1000} s`)), timeoutMs);
  });
  try {
    return (await Promise.race([library.still(options), late])) ?? '';
  } finally {
    clearTimeout(timer);
  }
}

function load(): NodeLibcamera | undefined {
  try {
    return createRequire(import.meta.url)('node-libcamera');
  } catch {
    return undefined;
  }
}
