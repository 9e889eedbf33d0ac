import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BoardMonitor } from '../../../devices/boards/monitor.ts';
import { EnergyMeter, measureWatts } from '../../../devices/boards/power/meter.ts';
import { SampledPower } from '../../../devices/boards/power/sampled.ts';
import { tree } from '../../support/folders.ts';
import { garbage, pcWithRapl, pi4, pi4WithIna219, pi5, pmicAnswer } from './trees.ts';

async function started(options: ConstructorParameters<typeof BoardMonitor>[0]) {
  const monitor = new BoardMonitor({ ask: async () => undefined, ...options });
  onTestFinished(() => monitor.stop());
  expect(monitor.senses).toBeUndefined();
  await monitor.start();
  return monitor;
}

describe('BoardMonitor', () => {
  it.each([
    ['a Pi 4', pi4, { temperature: true, throttling: true, power: false }],
    ['a Pi 4 with an INA219', pi4WithIna219, { temperature: true, throttling: true, power: true }],
    ['a PC', pcWithRapl, { temperature: true, throttling: false, power: true }],
    ['a machine without files', {}, { temperature: false, throttling: false, power: false }],
  ])('knows what %s tells', async (_, files, senses) => {
    const monitor = await started({ root: tree(files) });
    expect(monitor.senses).toEqual(senses);
    expect(monitor.readings.power).toBeNull();
  });

  it('reads what it tells: mean power, and the energy since the start', async () => {
    const ask = async (question: string) => (question === 'pmic_read_adc' ? pmicAnswer : 'throttled=0x20000');
    const monitor = await started({ root: tree(pi5), ask });
    await wait(20);
    const first = (await monitor.take()).power!;
    expect(first).toMatchObject({ source: 'pmic', covers: 'rails', watts: expect.closeTo(7.2398, 3) });
    await wait(20);
    const { power, throttling } = await monitor.take();
    expect(power!.joules).toBeGreaterThan(first.joules);
    expect(throttling).toEqual({ now: [], sinceBoot: ['frequency-capped'] });
    expect(monitor.readings).toEqual({ power, throttling });
    expect(monitor.temperature).toBe(52.35);
  });

  it('reads the temperature once a second, however often it is asked', async () => {
    let nowMs = 0;
    const root = tree(pi4);
    const monitor = new BoardMonitor({ root, now: () => nowMs });
    const zone = join(root, 'sys/class/thermal/thermal_zone0/temp');
    const before = monitor.temperature!;
    writeFileSync(zone, '71000');
    nowMs = 999;
    expect(monitor.temperature).toBe(before);
    nowMs = 1000;
    expect(monitor.temperature).toBe(71);
  });

  it('says null, not the last value, when a sensor is gone', async () => {
    const root = tree(pi4WithIna219);
    const monitor = await started({ root });
    await wait(5);
    expect((await monitor.take()).power).not.toBeNull();
    for (const file of ['power1_input', 'in1_input']) writeFileSync(join(root, 'sys/class/hwmon/hwmon2', file), '');
    expect((await monitor.take()).power).toBeNull();
    expect(monitor.senses!.power).toBe(true);
  });

  it('forgets all when it is stopped, and can be started again', async () => {
    const monitor = await started({ root: tree(pi4WithIna219) });
    await wait(5);
    const taking = monitor.take();
    monitor.stop();
    expect(await taking).toEqual({ throttling: null, power: null });
    expect(await monitor.take()).toEqual({ throttling: null, power: null });
    await monitor.start();
    await wait(5);
    expect((await monitor.take()).power).toMatchObject({ watts: expect.closeTo(0.622, 6) });
  });

  it('measures nothing when it was stopped while it started', async () => {
    const monitor = new BoardMonitor({ root: tree(pi4WithIna219), ask: async () => undefined });
    const starting = monitor.start();
    monitor.stop();
    await starting;
    expect(monitor.senses).toBeUndefined();
    expect(await monitor.take()).toEqual({ throttling: null, power: null });
  });

  it('stays up on garbage', async () => {
    const monitor = await started({ root: tree(garbage) });
    await wait(5);
    expect(await monitor.take()).toEqual({ throttling: null, power: null });
  });
});

describe('EnergyMeter', () => {
  it('asks again and again, one question at a time', async () => {
    let running = 0;
    let most = 0;
    let asked = 0;
    const source = new SampledPower({ name: 'x', covers: 'sensor', intervalMs: 1 }, async () => {
      most = Math.max(most, ++running);
      asked++;
      await wait(3);
      running--;
      return 2;
    });
    const meter = new EnergyMeter(source, { intervalMs: 1 });
    await meter.start();
    while (asked < 5) await wait(1);
    meter.stop();
    await meter.take();
    expect(most).toBe(1);
  });

  it('measures the power of the moment', async () => {
    const source = new SampledPower({ name: 'x', covers: 'sensor', intervalMs: 1000 }, async () => 2);
    expect(await measureWatts(source)).toBeCloseTo(2, 6);
    const gone = new SampledPower({ name: 'x', covers: 'sensor', intervalMs: 1000 }, async () => undefined);
    expect(await measureWatts(gone)).toBeUndefined();
  });
});
