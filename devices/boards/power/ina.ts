import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { integerOf, listFolder, readInteger, readText } from '../../../sdk/base/system-files.ts';
import type { PowerSource } from './power-source.ts';
import { SampledPower } from './sampled.ts';

/** The chips that the kernel's drivers ina2xx, ina209 and ina238 name so; their first channel is the only one. */
const oneChannel = /^(ina\d{3}|sy24655)$/;
/** A chip of three channels, which are added up by nobody: only the one that is called an input is the board's. */
const threeChannels = 'ina3221';
const inputLabel = /(^|_)IN$/i;

/**
 * The current and power monitors of Texas Instruments' INA family that the kernel has a driver for, in the order of their
 * hwmon folders.
 *
 * @param root Where `sys` is.
 */
export function findInaMonitors(root: string): PowerSource[] {
  const folder = join(root, 'sys/class/hwmon');
  return listFolder(folder, /^hwmon\d+$/).flatMap((hwmon) => {
    const here = join(folder, hwmon);
    const name = readText(join(here, 'name')) ?? '';
    const channel = channelOf(here, name);
    if (channel === undefined) return [];
    const watts = () => wattsOf(here, channel);
    return [new SampledPower({ name, covers: 'sensor', intervalMs: 1000 }, watts)];
  });
}

function channelOf(folder: string, name: string): number | undefined {
  if (oneChannel.test(name)) return 1;
  if (name !== threeChannels) return undefined;
  const channel = [1, 2, 3].find((one) => inputLabel.test(readText(join(folder, `in${one}_label`)) ?? ''));
  // A channel that is switched off has no values.
  return channel !== undefined && readInteger(join(folder, `in${channel}_enable`)) !== 0 ? channel : undefined;
}

/** Microwatts where the chip works them out, else millivolts of the bus times milliamperes. */
async function wattsOf(folder: string, channel: number): Promise<number | undefined> {
  const microwatts = await reading(join(folder, `power${channel}_input`));
  if (microwatts !== undefined) return microwatts / 1e6;
  const millivolts = await reading(join(folder, `in${channel}_input`));
  const milliamperes = await reading(join(folder, `curr${channel}_input`));
  return millivolts === undefined || milliamperes === undefined ? undefined : (millivolts * milliamperes) / 1e6;
}

/** Off the main thread: the chip is asked over I2C, and one that is gone makes the kernel wait. */
async function reading(path: string): Promise<number | undefined> {
  return integerOf((await readFile(path, 'utf8').catch(() => undefined))?.trim());
}
