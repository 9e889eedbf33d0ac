import type { AskFirmware } from '../board/vcgencmd.ts';
import type { PowerSource } from './power-source.ts';
import { SampledPower } from './sampled.ts';

/** Each reading starts a program, so not more often than this. */
const intervalMs = 2000;

/** The power management chip of a Raspberry Pi 5; undefined if the firmware does not support it. */
export async function findPmic(ask: AskFirmware): Promise<PowerSource | undefined> {
  const watts = async () => railWatts((await ask('pmic_read_adc')) ?? '');
  return (await watts()) === undefined
    ? undefined
    : new SampledPower({ name: 'pmic', covers: 'rails', intervalMs }, watts);
}

/**
 * Adds up the rails that have both a current and a voltage. The numbers in brackets are of the converter's channels and differ
 * between the two, so the names pair them; `EXT5V` and `BATT` have a voltage only.
 *
 * @param answer Of `vcgencmd pmic_read_adc`: `VDD_CORE_A current(7)=1.08053000A`, `VDD_CORE_V volt(15)=0.72178200V`, …
 */
export function railWatts(answer: string): number | undefined {
  const values = { A: new Map<string, number>(), V: new Map<string, number>() };
  for (const line of answer.split('\n')) {
    const told = /^(\w+)_([AV]) (?:current|volt)\(\d+\)=(\d+(?:\.\d*)?)\2$/.exec(line.trim());
    if (told) values[told[2] as 'A' | 'V'].set(told[1]!, Number(told[3]));
  }
  const pairs = [...values.A].flatMap(([rail, amperes]) => {
    const volts = values.V.get(rail);
    return volts === undefined ? [] : [amperes * volts];
  });
  return pairs.length === 0 ? undefined : pairs.reduce((sum, watts) => sum + watts, 0);
}
