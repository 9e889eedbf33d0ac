import { accessSync, constants } from 'node:fs';
import { whichRaspberryPi } from '../board/board.ts';
import { type AskFirmware, askFirmware } from '../board/vcgencmd.ts';
import { findInaMonitors } from './ina.ts';
import { findPmic } from './pmic.ts';
import type { PowerSource } from './power-source.ts';
import { findPackages, RaplPower } from './rapl.ts';

/** What measures the power of this board, or why nothing does. */
export type FoundPower =
  | { readonly source: PowerSource; readonly why?: undefined }
  | { readonly source?: undefined; readonly why: string };

/**
 * Finds what measures power, preferring a monitor wired to the board (it covers the whole board) to the PMIC of a Pi 5,
 * and that to the counters of a PC's processors.
 *
 * @param root Where `proc` and `sys` are; `/` but in tests.
 */
export async function findPower(root = '/', ask: AskFirmware = askFirmware): Promise<FoundPower> {
  const monitors = findInaMonitors(root);
  if (monitors.length > 1) {
    const names = monitors.map(({ name }) => name).join(', ');
    return {
      why: `expected one power monitor, found ${monitors.length} (${names}): it is unknown which one is the board's`,
    };
  }
  const pi = whichRaspberryPi(root);
  const source = monitors[0] ?? (pi === undefined ? undefined : await findPmic(ask));
  if (source) return { source };
  if (pi === 'pi5') {
    return { why: '`vcgencmd pmic_read_adc` returned no rails: it must be installed, and its user in the group video' };
  }
  const packages = findPackages(root);
  if (packages.length === 0) return { why: 'nothing on this board measures it' };
  return packages.every(({ counter }) => isReadable(counter))
    ? { source: new RaplPower(packages) }
    : {
        why: 'the counters of the processor (RAPL) are readable by root only: docs/boards.md tells how to let others read them',
      };
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
