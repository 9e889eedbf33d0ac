import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findPower } from '../../../../devices/boards/power/find.ts';
import { railWatts } from '../../../../devices/boards/power/pmic.ts';
import { SampledPower } from '../../../../devices/boards/power/sampled.ts';
import { tree } from '../../../support/folders.ts';
import { garbage, hwmon, pcWithRapl, pi3BPlus, pi4, pi4WithIna219, pi5, pmicAnswer, zero2W } from '../trees.ts';

const mute = async () => undefined;
const pmic = async () => pmicAnswer;

/** The energy of the second after the first question, after which `change` is done. */
async function oneSecond(root: string, ask: () => Promise<string | undefined> = mute, change = () => {}) {
  const { source } = await findPower(root, ask);
  expect(await source!.next(5000)).toBeUndefined();
  change();
  const energy = await source!.next(6000);
  return { name: source!.name, covers: source!.covers, ...energy };
}

describe('findPower', () => {
  it('reads an INA219', async () => {
    expect(await oneSecond(tree(pi4WithIna219))).toEqual({
      name: 'ina219',
      covers: 'sensor',
      joules: 0.622,
      seconds: 1,
    });
  });

  it('takes the line between two values', async () => {
    const root = tree(pi4WithIna219);
    const file = join(root, 'sys/class/hwmon/hwmon2/power1_input');
    const { joules } = await oneSecond(root, mute, () => writeFileSync(file, '1622000\n'));
    expect(joules).toBeCloseTo(1.122, 9);
  });

  it('multiplies volts and amperes where the chip does not', async () => {
    const root = tree(pi4WithIna219);
    rmSync(join(root, 'sys/class/hwmon/hwmon2/power1_input'));
    expect((await oneSecond(root)).joules).toBeCloseTo(5.023 * 0.124, 9);
  });

  it('takes of an INA3221 the channel that is called an input', async () => {
    const channels = {
      ...{ in1_label: 'VDD_CPU', in1_input: 5000, curr1_input: 900 },
      ...{ in2_label: 'VDD_IN', in2_input: 5000, curr2_input: 2000, in2_enable: 1 },
    };
    const { name, joules } = await oneSecond(tree(hwmon(0, 'ina3221', channels)));
    expect([name, joules]).toEqual(['ina3221', 10]);
    const { in2_label: _, ...unnamed } = channels;
    expect(await findPower(tree(hwmon(0, 'ina3221', unnamed)), mute)).toHaveProperty('why');
    expect(await findPower(tree(hwmon(0, 'ina3221', { ...channels, in2_enable: 0 })), mute)).toHaveProperty('why');
  });

  it('does not choose between two monitors', async () => {
    const two = tree({ ...pi4WithIna219, ...hwmon(10, 'ina226', { power1_input: 3_000_000 }) });
    expect(await findPower(two, mute)).toEqual({ why: expect.stringContaining('found 2 (ina219, ina226)') });
  });

  it('adds up the rails of a Pi 5', async () => {
    const { name, covers, joules } = await oneSecond(tree(pi5), pmic);
    expect([name, covers]).toEqual(['pmic', 'rails']);
    expect(joules).toBeCloseTo(7.2398, 3);
  });

  it('takes a monitor before the PMIC: it sees all of the board', async () => {
    const both = tree({ ...pi5, ...hwmon(9, 'ina260', { power1_input: 9_000_000 }) });
    expect((await oneSecond(both, pmic)).name).toBe('ina260');
  });

  it('reads the counters of a PC, the package alone and once', async () => {
    const root = tree(pcWithRapl);
    const counter = join(root, 'sys/class/powercap/intel-rapl:0/energy_uj');
    expect(await oneSecond(root, mute, () => writeFileSync(counter, '66009777274\n'))).toEqual({
      name: 'rapl',
      covers: 'package',
      joules: 12.5,
      seconds: 1,
    });
  });

  it('knows that a counter starts again', async () => {
    const root = tree(pcWithRapl);
    const counter = join(root, 'sys/class/powercap/intel-rapl:0/energy_uj');
    writeFileSync(counter, '262143328000\n');
    expect((await oneSecond(root, mute, () => writeFileSync(counter, '4999150\n'))).joules).toBeCloseTo(5, 9);
  });

  it('believes no counter that was set back', async () => {
    const root = tree(pcWithRapl);
    const counter = join(root, 'sys/class/powercap/intel-rapl:0/energy_uj');
    expect((await oneSecond(root, mute, () => writeFileSync(counter, '0\n'))).joules).toBeUndefined();
  });

  it.skipIf(process.getuid?.() === 0)('says that the counters are for root (not as root)', async () => {
    const root = tree(pcWithRapl);
    chmodSync(join(root, 'sys/class/powercap/intel-rapl:0/energy_uj'), 0o000);
    expect(await findPower(root, mute)).toEqual({ why: expect.stringContaining('by root only') });
  });

  it.each([
    ['a Pi Zero 2 W', zero2W],
    ['a Pi 3B+', pi3BPlus],
    ['a Pi 4', pi4],
    ['a machine without files', {}],
  ])('finds nothing on %s', async (_, files) => {
    expect(await findPower(tree(files), mute)).toEqual({ why: 'nothing on this board measures it' });
  });

  it('says what a Pi 5 needs that gives no answer', async () => {
    const refused = async () => "Can't open device file: /dev/vcio\n";
    expect(await findPower(tree(pi5), refused)).toEqual({ why: expect.stringContaining('in the group video') });
  });

  it('asks no firmware of other boards', async () => {
    const never = () => Promise.reject(new Error('asked'));
    expect(await findPower(tree({}), never)).toHaveProperty('why');
  });

  it('measures nothing from garbage', async () => {
    expect((await oneSecond(tree(garbage))).joules).toBeUndefined();
  });
});

describe('railWatts', () => {
  it.each([
    ['nothing', ''],
    ['no command of the name', 'error=1 error_msg="Command not registered"'],
    ['a current without its voltage', 'VDD_CORE_A current(7)=1.0A\nEXT5V_V volt(24)=5.0V\n'],
    ['units that do not fit', 'VDD_CORE_A current(7)=1.0V\nVDD_CORE_V volt(15)=nanV\n'],
  ])('is undefined for %s', (_, answer) => expect(railWatts(answer)).toBeUndefined());

  it('is finite whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('A', 'V'), fc.string({ maxLength: 12 }))), (lines) => {
        const text = lines.map(([unit, value]) => `X_${unit} ${unit === 'A' ? 'current' : 'volt'}(1)=${value}${unit}`);
        const watts = railWatts(text.join('\n'));
        expect(watts === undefined || Number.isFinite(watts)).toBe(true);
      }),
    );
  });
});

describe('SampledPower', () => {
  const about = { name: 'x', covers: 'sensor', intervalMs: 1000 } as const;

  it('adds up to the mean times the time, whatever the steps', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 30 }), async (steps) => {
        const source = new SampledPower(about, async () => 2.5);
        let atMs = 0;
        await source.next(atMs);
        const sum = { joules: 0, seconds: 0 };
        for (const step of steps) {
          const energy = await source.next((atMs += step));
          sum.joules += energy!.joules;
          sum.seconds += energy!.seconds;
        }
        expect(sum.seconds).toBeCloseTo(atMs / 1000, 6);
        expect(sum.joules).toBeCloseTo((2.5 * atMs) / 1000, 6);
      }),
    );
  });

  it('bridges a value that is missing, and makes nothing up over a long gap', async () => {
    const values = [2, undefined, 4, 4, Number.NaN, 0, 5000, 4];
    const source = new SampledPower(about, async () => values.shift());
    const times = [0, 1000, 2000, 8000, 8500, 9000, 9500, 10_000];
    const found = [];
    for (const atMs of times) found.push((await source.next(atMs))?.joules);
    expect(found).toEqual([undefined, undefined, 6, undefined, undefined, undefined, undefined, 8]);
  });
});
