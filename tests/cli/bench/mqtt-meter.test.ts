import { connectAsync } from 'mqtt';
import { describe, expect, it } from 'vitest';
import { EnergyMeter } from '../../../devices/index.ts';
import { startBroker } from '../../../sdk/hub/broker/broker.ts';
import { meterAddress, openMqttMeter, ReportedPower, wattsIn } from '../../../tools/cli/bench/mqtt-meter.ts';
import { closing } from '../../support/closing.ts';

describe('meterAddress', () => {
  it('names broker, topic and field', () => {
    expect(meterAddress('mqtt://192.168.1.2/tele/plug/SENSOR#ENERGY.Power')).toMatchObject({
      topic: 'tele/plug/SENSOR',
      path: ['ENERGY', 'Power'],
      broker: { options: { hostname: '192.168.1.2', port: 1883 } },
    });
    const secret = meterAddress('mqtts://me:hidden@hub:8884/zigbee2mqtt/my%20plug');
    expect(secret).toMatchObject({
      topic: 'zigbee2mqtt/my plug',
      path: [],
      title: 'mqtts://hub:8884/zigbee2mqtt/my plug',
    });
  });

  it.each([
    ['mqtt://hub', 'one topic after the broker'],
    ['mqtt://hub/', 'one topic after the broker'],
    ['mqtt://hub/plugs/+/power', 'got plugs/+/power'],
    ['mqtt://hub/plugs/%23', 'got plugs/#'],
  ])('refuses %s', (url, why) => expect(() => meterAddress(url)).toThrow(why));
});

describe('wattsIn', () => {
  const at = (...path: string[]) => ({ title: 'plug', path });

  it.each([
    ['12.5', at(), 12.5],
    [' 7 \n', at(), 7],
    ['{"ENERGY":{"Power":31,"Voltage":230}}', at('ENERGY', 'Power'), 31],
    ['{"power":"4.25"}', at('power'), 4.25],
    ['[{"w":3}]', at('0', 'w'), 3],
    ['0', at(), 0],
  ])('%s', (payload, where, watts) => expect(wattsIn(payload, where)).toBe(watts));

  it.each([
    ['ON', at(), 'expected watts from 0 to 1000 from plug; name the field after a #, got ON'],
    ['', at(), 'got '],
    ['-3', at(), 'got -3'],
    ['230000', at(), 'got 230000'],
    ['{"power":3}', at(), 'got {"power":3}'],
    ['{"power":3}', at('watts'), 'in the field watts, got {"power":3}'],
    ['{"power":null}', at('power'), 'in the field power'],
    ['{"power":3', at('power'), 'in the field power'],
    ['{}', at('constructor', 'length'), 'in the field constructor.length'],
    ['x'.repeat(500), at(), `got ${'x'.repeat(80)}…`],
  ])('refuses %s', (payload, where, why) => expect(() => wattsIn(payload, where)).toThrow(why));
});

describe('ReportedPower', () => {
  it('holds each value until the next', async () => {
    const power = new ReportedPower();
    expect(await power.next(0)).toBeUndefined();
    power.report(10, 1000);
    expect(await power.next(2000)).toBeUndefined();
    power.report(20, 3000);
    expect(await power.next(6000)).toEqual({ joules: 10 * 1 + 20 * 3, seconds: 4 });
    expect(await power.next(8000)).toEqual({ joules: 40, seconds: 2 });
    expect(await power.next(8000)).toBeUndefined();
  });

  it('does not believe a value for ever', async () => {
    const power = new ReportedPower();
    power.report(10, 0);
    await power.next(1000);
    expect(await power.next(100_000)).toEqual({ joules: 990, seconds: 99 });
    expect(await power.next(130_000)).toBeUndefined();
    power.report(5, 140_000);
    expect(await power.next(141_000)).toBeUndefined();
    expect(await power.next(143_000)).toEqual({ joules: 10, seconds: 2 });
  });
});

describe('a plug over MQTT', () => {
  const plugged = async () => {
    const broker = closing(await startBroker({ port: 0 }), (it) => it.stop());
    const plug = closing(await connectAsync(broker.url), (it) => it.endAsync(true));
    const report = (watts: number, retain = false) =>
      plug.publishAsync('tele/plug/SENSOR', JSON.stringify({ ENERGY: { Power: watts } }), { qos: 1, retain });
    return { plug, report, url: `${broker.url}/tele/plug/SENSOR#ENERGY.Power` };
  };

  it('is integrated by the meter; only a new message says what the board takes now', async () => {
    const { report, url } = await plugged();
    await report(3, true);
    const meter = closing(await openMqttMeter(url), async (it) => it[Symbol.asyncDispose]());
    let isSettled = false;
    const settled = meter.settled().then(() => {
      isSettled = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isSettled).toBe(false);
    await report(6);
    await settled;
    const energy = new EnergyMeter(meter.source, { intervalMs: 20 });
    closing(energy, async () => energy.stop());
    await energy.start();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { joules, seconds } = await energy.take();
    expect(seconds).toBeGreaterThan(0.05);
    expect(joules / seconds).toBeCloseTo(6, 6);
  });

  it('says what is wrong: no broker, no message, no power in it', async () => {
    await expect(openMqttMeter('mqtt://127.0.0.1:1/plug')).rejects.toThrow(
      '--meter: no connection to mqtt://127.0.0.1:1',
    );
    const { plug, url } = await plugged();
    await expect(openMqttMeter(url, { firstMs: 50 })).rejects.toThrow('within 0.05 s, none came');
    await plug.publishAsync('tele/plug/SENSOR', 'ON', { qos: 1, retain: true });
    await expect(openMqttMeter(url)).rejects.toThrow('in the field ENERGY.Power, got ON');
  });
});
