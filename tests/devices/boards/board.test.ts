import { cpus } from 'node:os';
import { describe, expect, it } from 'vitest';
import { describeBoard } from '../../../devices/boards/board.ts';
import { readTemperature } from '../../../devices/boards/temperature.ts';
import { tree } from '../fake.ts';

const arm = (cores: number, part: string, features: string) =>
  Array.from(
    { length: cores },
    (_, core) => `processor\t: ${core}
BogoMIPS\t: 108.00
Features\t: ${features}
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: ${part}
CPU revision\t: 3

`,
  ).join('');

const thermal = (...zones: [type: string, temp: number][]) =>
  Object.fromEntries(
    zones.flatMap(([type, temp], index) => [
      [`sys/class/thermal/thermal_zone${index}/type`, `${type}\n`],
      [`sys/class/thermal/thermal_zone${index}/temp`, `${temp}\n`],
    ]),
  );

const pi4 = {
  'proc/device-tree/model': 'Raspberry Pi 4 Model B Rev 1.4\0',
  'proc/cpuinfo': `${arm(4, '0xd08', 'fp asimd evtstrm crc32 cpuid')}Revision\t: c03114\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n`,
  'proc/meminfo': 'MemTotal:        3884344 kB\nMemFree:         2921216 kB\n',
  ...thermal(['cpu-thermal', 48686]),
};

const pi5 = {
  'proc/device-tree/model': 'Raspberry Pi 5 Model B Rev 1.0\0',
  'proc/cpuinfo': arm(
    4,
    '0xd0b',
    'fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp',
  ),
  'proc/meminfo': 'MemTotal:        8255888 kB\n',
  ...thermal(['gpu-thermal', 51000], ['cpu-thermal', 52350]),
};

const pc = {
  'sys/class/dmi/id/product_name': 'NUC11PAHi5\n',
  'proc/cpuinfo': Array.from(
    { length: 8 },
    (_, core) =>
      `processor\t: ${core}\nvendor_id\t: GenuineIntel\nmodel name\t: 11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz\nflags\t\t: fpu sse2 sse4_1 lm avx fma avx2 avx512f avx512bw avx512_vnni\n\n`,
  ).join(''),
  'proc/meminfo': 'MemTotal:       16124064 kB\n',
  ...thermal(['iwlwifi_1', 40000], ['x86_pkg_temp', 61000]),
};

describe('describeBoard', () => {
  it('knows a Raspberry Pi 4', () => {
    expect(describeBoard(tree(pi4))).toEqual({
      board: 'pi4',
      model: 'Raspberry Pi 4 Model B Rev 1.4',
      arch: 'arm64',
      cpu: 'Cortex-A72',
      cores: 4,
      memoryMb: 3793,
      instructionSets: ['neon'],
      temperature: 48.686,
      lumaStrideMultiple: 64,
    });
  });

  it('knows a Raspberry Pi 5', () => {
    expect(describeBoard(tree(pi5))).toMatchObject({
      board: 'pi5',
      cpu: 'Cortex-A76',
      instructionSets: ['neon', 'fp16', 'dotprod'],
      temperature: 52.35,
      lumaStrideMultiple: 128,
    });
  });

  it('knows a PC', () => {
    expect(describeBoard(tree(pc))).toEqual({
      board: 'pc',
      model: 'NUC11PAHi5',
      arch: 'x64',
      cpu: '11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz',
      cores: 8,
      memoryMb: 15746,
      instructionSets: ['sse4.1', 'avx', 'fma', 'avx2', 'avx512f', 'avx512bw', 'avx512_vnni'],
      temperature: 61,
      lumaStrideMultiple: undefined,
    });
  });

  it.each([
    ['Raspberry Pi Zero 2 W Rev 1.0', 'pizero2', 64],
    ['Raspberry Pi Zero W Rev 1.1', 'pizero', 64],
    ['Raspberry Pi Model B Plus Rev 1.2', 'pi1', 64],
    ['Raspberry Pi 3 Model A Plus Rev 1.0', 'pi3', 64],
    ['Raspberry Pi 400 Rev 1.0', 'pi4', 64],
    ['Raspberry Pi 500 Rev 1.0', 'pi5', 128],
    ['Raspberry Pi Compute Module 4 Rev 1.1', 'pi4', 64],
    ['Raspberry Pi Compute Module 5 Rev 1.0', 'pi5', 128],
    ['Radxa ROCK 5B', 'arm', undefined],
  ])('takes %s for a %s', (model, board, lumaStrideMultiple) => {
    const files = { 'proc/device-tree/model': `${model}\0`, 'proc/cpuinfo': arm(4, '0xd0b', 'fp asimd') };
    expect(describeBoard(tree(files))).toMatchObject({ board, lumaStrideMultiple });
  });

  it('makes do with nothing', () => {
    expect(describeBoard(tree({}))).toMatchObject({ board: 'unknown', model: 'unknown', cpu: 'unknown', memoryMb: 0 });
  });

  it('agrees with Node about this machine', () => {
    const board = describeBoard();
    expect(board.cores).toBe(cpus().length);
    expect(board.arch).toBe(process.arch);
    expect(board.memoryMb).toBeGreaterThan(100);
  });
});

describe('readTemperature', () => {
  it('gives undefined where the kernel tells nothing of the processor', () => {
    expect(readTemperature(tree({}))).toBeUndefined();
    expect(readTemperature(tree(thermal(['iwlwifi_1', 40000])))).toBeUndefined();
    const broken = tree({
      'sys/class/thermal/thermal_zone0/type': 'cpu-thermal',
      'sys/class/thermal/thermal_zone0/temp': '',
    });
    expect(readTemperature(broken)).toBeUndefined();
  });
});
