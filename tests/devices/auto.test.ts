import { describe, expect, it } from 'vitest';
import { AutoDevice } from '../../devices/auto.ts';
import { DeviceBase } from '../../devices/device/base.ts';
import type { DeviceProperties } from '../../devices/device/device.ts';
import { createDevice } from '../../devices/index.ts';
import { InputError } from '../../sdk/base/errors.ts';

/** A camera that opens, or does not. */
class FakeCamera extends DeviceBase {
  protected async start(): Promise<DeviceProperties> {
    if (this.uri.endsWith('broken')) throw new InputError('it is used by another program');
    return {
      kind: 'v4l2',
      title: `Camera ${this.uri}`,
      format: 'I420',
      width: 64,
      height: 48,
      colour: { matrix: 'bt601', range: 'limited' },
      live: true,
    };
  }
  protected async stop(): Promise<void> {}
}

const found =
  (...uris: string[]) =>
  async () =>
    uris.map((uri) => ({ uri, title: uri, kind: 'v4l2' as const }));
const make = (uri: string) => (uri === 'scene:' ? createDevice(uri) : new FakeCamera(uri));

describe('auto:', () => {
  it('takes the first camera that can be used, and says so', async () => {
    const warnings: string[] = [];
    const logger = { debug() {}, info() {}, warn: (text: string) => warnings.push(text), error() {} };
    const device = new AutoDevice('', make, { logger }, found('v4l2:broken', 'v4l2:good', 'v4l2:other'));
    const states: string[] = [];
    device.on('health', ({ state }) => states.push(state));
    await device.open();
    expect(device.properties).toMatchObject({
      title: 'Camera v4l2:good',
      note: 'Showing the first camera found: Camera v4l2:good. Set cameras.<name>.source to change it, e.g. v4l2:/dev/video0.',
    });
    expect(device.health.state).toBe('online');
    expect(warnings).toEqual(['auto: v4l2:broken cannot be used: it is used by another program']);
    await device.close();
    expect(states.at(-1)).toBe('closed');
    expect(device.health.state).toBe('closed');
  });

  it('shows the scene where there is no camera, and says why', async () => {
    const device = new AutoDevice('', make, { speed: 'max' }, found());
    await device.open();
    expect(device.properties).toMatchObject({
      kind: 'scene',
      note: 'No camera found: showing the built-in scene. Set cameras.<name>.source to change it, e.g. v4l2:/dev/video0.',
    });
    const { value } = await device.frames().next();
    expect(value.width).toBe(960);
    value.release();
    await device.close();

    const broken = new AutoDevice('', make, {}, found('v4l2:broken'));
    await broken.open();
    expect(broken.properties.note).toMatch(/^v4l2:broken cannot be used: it is used by another program: showing/);
    await broken.close();
  });

  it('can be closed while it opens, closed twice, and opened again', async () => {
    const device = new AutoDevice('', make, {}, found('v4l2:good'));
    await Promise.all([expect(device.open()).rejects.toThrow(/closed while it opened/), device.close()]);
    await device.open();
    await expect(device.open()).rejects.toThrow(/open already/);
    await Promise.all([device.close(), device.close()]);
    expect(() => new AutoDevice('', make).frames()).toThrow(/call open\(\) before/);
    await expect(new AutoDevice('porch', make).open()).rejects.toThrow(/expected auto: alone, got auto:porch/);
  });
});
