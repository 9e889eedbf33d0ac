import { join } from 'node:path';
import { listFolder, readInteger, readText } from '../../../sdk/base/system-files.ts';

/** Thermal zones that are the processor's own, the first that exists counts. */
const processorZones = ['cpu-thermal', 'cpu_thermal', 'x86_pkg_temp', 'soc-thermal', 'soc_thermal', 'cpu', 'acpitz'];

/**
 * The processor's temperature in degrees Celsius; undefined if the kernel does not report it.
 *
 * @param root Where `sys` is; `/` but in tests.
 */
export function readTemperature(root = '/'): number | undefined {
  const folder = join(root, 'sys/class/thermal');
  const found = listFolder(folder, /^thermal_zone\d+$/)
    .map((zone) => ({
      rank: processorZones.indexOf(readText(join(folder, zone, 'type')) ?? ''),
      degrees: (readInteger(join(folder, zone, 'temp')) ?? Number.NaN) / 1000,
    }))
    // Zones of radios, batteries and boards are not the processor's.
    .filter(({ rank, degrees }) => rank >= 0 && Number.isFinite(degrees))
    .sort((a, b) => a.rank - b.rank);
  return found[0]?.degrees;
}
