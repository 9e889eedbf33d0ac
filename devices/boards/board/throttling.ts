import { join } from 'node:path';
import { listFolder, readText } from '../../../sdk/base/system-files.ts';
import { whichRaspberryPi } from './board.ts';
import { type AskFirmware, askFirmware } from './vcgencmd.ts';

/** Reasons why the firmware of a Raspberry Pi throttles it, or is about to, in the order of its bits. */
export const limits = ['under-voltage', 'frequency-capped', 'throttled', 'temperature-limit'] as const;
/** What a Raspberry Pi's firmware limits itself for, or did since the start. */
export type Limit = (typeof limits)[number];

/** Current reasons for throttling. */
export interface Throttling {
  readonly now: Limit[];
  /** Reasons since power-on; null when only the present is known. */
  readonly sinceBoot: Limit[] | null;
}

/**
 * Reads why the firmware of a Raspberry Pi throttles the board; undefined on another board, or when it is not reported.
 *
 * `vcgencmd get_throttled` is tried first, since only it has the history since power-on (bits 16 to 19). Next is the
 * kernel's file of that name: reading it logs a kernel warning, once. The alarm of the driver `raspberrypi-hwmon`,
 * which polls every two seconds, covers the voltage only.
 *
 * @param root Where `proc` and `sys` are; `/` but in tests.
 */
export async function readThrottling(root = '/', ask: AskFirmware = askFirmware): Promise<Throttling | undefined> {
  if (whichRaspberryPi(root) === undefined) return undefined;
  const told = /^throttled=0x([0-9a-f]{1,8})$/im.exec((await ask('get_throttled')) ?? '')?.[1];
  if (told !== undefined) {
    const bits = Number.parseInt(told, 16);
    return { now: limitsIn(bits), sinceBoot: limitsIn(bits >>> sinceBootShift) };
  }
  const kept = bitsOfKernel(root);
  // The kernel clears the upper bits with each poll, so they too cover the last two seconds only.
  if (kept !== undefined) return { now: limitsIn(kept | (kept >>> sinceBootShift)), sinceBoot: null };
  const alarm = voltageAlarm(root);
  return alarm === undefined ? undefined : { now: alarm ? ['under-voltage'] : [], sinceBoot: null };
}

const sinceBootShift = 16;

const limitsIn = (bits: number) => limits.filter((_, bit) => (bits >>> bit) & 1);

function bitsOfKernel(root: string): number | undefined {
  const platform = join(root, 'sys/devices/platform');
  // `soc/soc:firmware` on a Pi 4 and older ones, `soc@107c000000/soc@107c000000:firmware` on a Pi 5.
  for (const soc of listFolder(platform, /^soc(@[0-9a-f]+)?$/)) {
    const text = readText(join(platform, soc, `${soc}:firmware`, 'get_throttled'));
    if (text !== undefined && /^[0-9a-f]{1,8}$/i.test(text)) return Number.parseInt(text, 16);
  }
  return undefined;
}

function voltageAlarm(root: string): boolean | undefined {
  const folder = join(root, 'sys/class/hwmon');
  for (const name of listFolder(folder, /^hwmon\d+$/)) {
    if (readText(join(folder, name, 'name')) !== 'rpi_volt') continue;
    const alarm = readText(join(folder, name, 'in0_lcrit_alarm'));
    if (alarm === '0' || alarm === '1') return alarm === '1';
  }
  return undefined;
}
