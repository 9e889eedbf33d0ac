import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settingTopics } from '../../../../sdk/hub/contract/camera-settings.ts';
import { CameraCommands } from '../../../../sdk/hub/extensions/cameras/camera-commands.ts';
import { FakeCamera, FakeContext } from '../../../support/hub.ts';
import { until } from '../../../support/until.ts';

function make() {
  const camera = new FakeCamera('door');
  const context = new FakeContext([camera]);
  const { logger, told } = context;
  const commands = new CameraCommands();
  commands.start(context);
  const send = (setting: string, payload: string | Buffer, retained = false) =>
    commands.receive({ topic: `ocellus/porch/door/${setting}/set`, payload: Buffer.from(payload), retained });
  return { camera, logger, told, commands, send };
}

const state = (setting: string) => `ocellus/porch/door/${setting}/state`;

describe('CameraCommands', () => {
  it.each([
    ['enabled', 'OFF', { enabled: false }],
    ['detect', 'off', { detect: { enabled: false } }],
    ['threshold', '0.65', { detect: { threshold: 0.65 } }],
    ['threshold', '1', { detect: { threshold: 1 } }],
    ['motion_gate', 'ON', { motion: { enabled: true } }],
    ['motion_sensitivity', '.25', { motion: { sensitivity: 0.25 } }],
    ['snapshots', ' OFF\n', { snapshots: { enabled: false } }],
  ])('%s %j', async (setting, payload, change) => {
    const { camera, told, send } = make();
    send(setting, payload);
    await until(() => told.length === 1);
    expect(camera.changes).toEqual([change]);
    expect(told.map(([topic]) => topic)).toEqual([state(setting)]);
    const text = settingTopics.get(setting)!.format(camera.settings);
    expect(text.toUpperCase()).toBe(payload.includes('.25') ? '0.25' : payload.trim().toUpperCase());
  });

  it.each([
    ['detect', ''],
    ['detect', 'yes'],
    ['detect', '1'],
    ['detect', '{"state":"ON"}'],
    ['threshold', ''],
    ['threshold', '1.01'],
    ['threshold', '-0.1'],
    ['threshold', 'NaN'],
    ['threshold', '0x1'],
    ['threshold', '1e-1'],
    ['threshold', '0,5'],
    ['threshold', '.'],
    ['threshold', Buffer.from([0xff, 0xfe])],
    ['threshold', Buffer.alloc(100_000, '0')],
  ])('refuses %s %j and tells the state again', (setting, payload) => {
    const { camera, logger, told, commands, send } = make();
    send(setting, payload);
    expect(camera.changes).toEqual([]);
    expect(told.map(([topic]) => topic)).toEqual([state(setting)]);
    expect(commands.rejected).toBe(1);
    expect(logger.lines).toHaveLength(1);
    expect(logger.lines[0]).toMatch(/^error MQTT: "ocellus\/porch\/door\/.*": expected /);
    expect(logger.lines[0]!.length).toBeLessThan(200);
  });

  it('refuses unknown cameras and settings', () => {
    const { commands, logger, send } = make();
    send('format', 'ON');
    commands.receive({ topic: 'ocellus/porch/shed/detect/set', payload: Buffer.from('ON'), retained: false });
    expect(commands.rejected).toBe(2);
    expect(logger.lines.join('\n')).toMatch(/expected one of enabled, detect.*[\s\S]*expected one of door/);
  });

  it('ignores retained messages', async () => {
    const { camera, commands, send } = make();
    send('detect', 'OFF', true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(camera.changes).toEqual([]);
    expect(commands.rejected).toBe(0);
  });

  it('runs one change at a time and keeps the newest of each setting', async () => {
    const { camera, told, send } = make();
    camera.changeMs = 20;
    for (let i = 0; i <= 1000; i++) send('threshold', String(i / 1000));
    send('detect', 'OFF');
    await until(() => told.length === 3);
    expect(camera.changes).toEqual([
      { detect: { threshold: 0 } },
      { detect: { threshold: 1 } },
      { detect: { enabled: false } },
    ]);
  });

  it('survives a camera that refuses', async () => {
    const { camera, commands, logger, told, send } = make();
    camera.change = () => Promise.reject(new Error('no'));
    send('detect', 'OFF');
    await until(() => told.length === 1);
    expect(commands.rejected).toBe(1);
    expect(logger.lines[0]).toContain('/door/detect/set": no');
  });

  it('never throws, whatever comes, and never writes more than some lines', () => {
    const { camera, commands, logger } = make();
    const topic = fc.oneof(
      fc.constantFrom(...[...settingTopics.keys()].map((name) => `ocellus/porch/door/${name}/set`)),
      fc.string({ unit: 'binary' }).map((text) => `ocellus/porch/${text}/set`),
      fc.string(),
    );
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
      fc.oneof(fc.double().map(String), fc.json(), fc.constantFrom('ON', '__proto__', 'toString')).map(Buffer.from),
    );
    fc.assert(
      fc.property(topic, payload, fc.boolean(), (topic, payload, retained) => {
        commands.receive({ topic, payload, retained });
      }),
      { numRuns: 20_000 },
    );
    expect(commands.rejected).toBeGreaterThan(1000);
    expect(logger.lines.filter((line) => line.startsWith('error')).length).toBeLessThan(100);
    for (const change of camera.changes) expect(Object.keys(change)).toHaveLength(1);
  });
});
