import { cpus } from 'node:os';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeBoard } from '../../../../devices/boards/board/board.ts';
import { readTemperature } from '../../../../devices/boards/board/temperature.ts';
import { plant, tree } from '../../../support/folders.ts';
import { armCores, garbage, pcWithRapl, pi3BPlus, pi4, pi5, thermal, zero2W } from '../trees.ts';

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

  it('knows a Raspberry Pi Zero 2 W', () => {
    expect(describeBoard(tree(zero2W))).toEqual({
      board: 'pizero2',
      model: 'Raspberry Pi Zero 2 W Rev 1.0',
      arch: 'arm64',
      cpu: 'Cortex-A53',
      cores: 4,
      memoryMb: 417,
      instructionSets: ['neon'],
      temperature: 47.774,
      lumaStrideMultiple: 64,
    });
  });

  it('knows a Raspberry Pi 3B+ by its core, not by the model name that a 32 bit kernel gives', () => {
    expect(describeBoard(tree(pi3BPlus))).toMatchObject({
      board: 'pi3',
      arch: 'arm',
      cpu: 'Cortex-A53',
      cores: 4,
      memoryMb: 927,
      instructionSets: ['neon'],
    });
  });

  it('knows a PC', () => {
    expect(describeBoard(tree(pcWithRapl))).toEqual({
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
    const files = { 'proc/device-tree/model': `${model}\0`, 'proc/cpuinfo': armCores(4, '0xd0b', 'fp asimd') };
    expect(describeBoard(tree(files))).toMatchObject({ board, lumaStrideMultiple });
  });

  it('makes do with nothing', () => {
    expect(describeBoard(tree({}))).toMatchObject({ board: 'unknown', model: 'unknown', cpu: 'unknown', memoryMb: 0 });
  });

  it('makes do with garbage', () => {
    expect(describeBoard(tree(garbage))).toMatchObject({ cores: 1, memoryMb: 0, temperature: undefined });
  });

  it('has sound figures whatever the files say', () => {
    const root = tree(pi4);
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(pi4)), fc.string({ unit: 'binary' })), (files) => {
        plant(root, { ...pi4, ...files });
        const { cores, memoryMb, temperature } = describeBoard(root);
        expect(cores).toBeGreaterThanOrEqual(1);
        expect(memoryMb).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(temperature ?? 0)).toBe(true);
      }),
    );
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
