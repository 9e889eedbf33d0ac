import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { integerOf, listFolder, readInteger, readText } from '../../../sdk/base/system-files.ts';
import type { Energy, PowerSource } from './power-source.ts';

/** A counter of 262 kJ wraps after 20 minutes at 200 W; several wraps between two readings would go unnoticed. */
const longestGapMs = 60_000;
/** A larger step means that the counter was reset, as after a sleep. */
const mostWattsOfPackage = 1000;

interface Zone {
  readonly counter: string;
  /** Where the counter wraps to 0, microjoules. */
  readonly range: number;
}

/** The processor packages of a PC with their energy counters, whether or not they may be read. @param root Where `sys` is. */
export function findPackages(root: string): Zone[] {
  const folder = join(root, 'sys/class/powercap');
  // `intel-rapl:0:0` and its like are parts of a package, and `intel-rapl-mmio:0` is the same package once more.
  return listFolder(folder, /^intel-rapl:\d+$/).flatMap((name) => {
    const here = join(folder, name);
    const range = readInteger(join(here, 'max_energy_range_uj'));
    const isPackage = /^package-\d+$/.test(readText(join(here, 'name')) ?? '');
    return isPackage && range !== undefined && range > 0 ? [{ counter: join(here, 'energy_uj'), range }] : [];
  });
}

/** The energy counters of x86 processors (RAPL), all packages together. */
export class RaplPower implements PowerSource {
  readonly name = 'rapl';
  readonly covers = 'package';
  readonly intervalMs = 5000;
  readonly #zones: readonly Zone[];
  #last: { microjoules: readonly number[]; atMs: number } | undefined;

  constructor(zones: readonly Zone[]) {
    this.#zones = zones;
  }

  async next(nowMs: number): Promise<Energy | undefined> {
    const values = await Promise.all(this.#zones.map(({ counter }) => readFile(counter, 'utf8').catch(() => '')));
    const microjoules = values.flatMap((text) => integerOf(text.trim()) ?? []);
    if (microjoules.length < this.#zones.length || microjoules.some((value) => value < 0)) return undefined;
    const last = this.#last;
    this.#last = { microjoules, atMs: nowMs };
    if (!last || nowMs <= last.atMs || nowMs - last.atMs > longestGapMs) return undefined;
    const steps = microjoules.map((value, i) => {
      const step = value - last.microjoules[i]!;
      return step < 0 ? step + this.#zones[i]!.range : step;
    });
    const seconds = (nowMs - last.atMs) / 1000;
    if (steps.some((step) => step / 1e6 > mostWattsOfPackage * seconds)) return undefined;
    return { joules: steps.reduce((sum, step) => sum + step, 0) / 1e6, seconds };
  }
}
