import { expect, it, onTestFinished } from 'vitest';
import {
  createDevice,
  type Device,
  DeviceBase,
  type DeviceOptions,
  deviceSchemes,
  openDevice,
  registerDevice,
} from '../../devices/index.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { FramePool } from '../../sdk/frame/pool.ts';

const colour = { matrix: 'bt601', range: 'full' } as const;

class Counter extends DeviceBase {
  readonly asked: DeviceOptions;
  readonly pool = new FramePool({ format: 'GRAY8', width: 4, height: 4 });

  constructor(uri: string, options: DeviceOptions = {}) {
    super(uri, options);
    this.asked = options;
  }

  protected async start() {
    return { kind: 'counter', title: 'Counter', format: 'GRAY8', width: 4, height: 4, colour, live: true } as const;
  }

  protected override read(): void {
    const bytes = this.pool.take()!.fill(7);
    this.outlet.offer(this.pool.frame(bytes, { sequence: 0, captureTimeNs: 1, wallTimeMs: 1 }));
    this.outlet.end();
  }

  protected async stop() {}
}

/** Registered until the test ends. */
function register(...args: Parameters<typeof registerDevice>): () => void {
  const unregister = registerDevice(...args);
  onTestFinished(unregister);
  return unregister;
}

it('gives the device of a scheme of one’s own, with what follows the colon and the options', async () => {
  const made: unknown[] = [];
  register('gige', (...given) => {
    made.push(given);
    return new Counter(given[0], given[2]);
  });
  expect(deviceSchemes()).toContain('gige');
  const device = await openDevice(' GigE://me:secret@10.0.0.4/a ', { fps: 3 });
  expect(made).toEqual([['gige://me:secret@10.0.0.4/a', '//me:secret@10.0.0.4/a', { fps: 3 }]]);
  expect(device.uri).not.toContain('secret');
  const seen: number[] = [];
  for await (const frame of device.frames()) {
    seen.push(frame.planes[0]!.data[0]!);
    frame.release();
  }
  expect(seen).toEqual([7]);
  await device.close();
});

it('options are checked before a factory sees them, and are there when none were given', () => {
  const made: DeviceOptions[] = [];
  register('gige', (uri, _, options) => {
    made.push(options);
    return new Counter(uri);
  });
  expect(() => createDevice('gige:', { fps: -1 })).toThrow('fps of a source');
  createDevice('gige:');
  expect(made).toEqual([{}]);
});

it('takes a scheme back, and only its own', () => {
  const first = register('gige', (uri) => new Counter(uri));
  first();
  expect(() => createDevice('gige:')).toThrow('there is no device called "gige:"; expected one of auto:, scene:,');
  register('gige', (uri) => new Counter(uri));
  first();
  expect(createDevice('gige:')).toBeInstanceOf(Counter);
});

it.each<[string, unknown, unknown, string]>([
  ['one of Ocellus', 'rtsp', () => {}, '"rtsp:" comes with Ocellus; choose another name'],
  ['a colon', 'gige:', () => {}, 'a letter first, without the colon, got "gige:"'],
  ['a letter, which is a drive', 'g', () => {}, 'two or more lower-case letters'],
  ['capitals, which no source is looked up by', 'GigE', () => {}, 'lower-case letters'],
  ['no text', undefined, () => {}, 'got undefined'],
  ['no factory', 'gige', 'GigECamera', 'registerDevice: factory: expected a function, got "GigECamera"'],
])('refuses %s', (_, scheme, factory, message) => {
  const before = deviceSchemes();
  const act = () => registerDevice(scheme as string, factory as Parameters<typeof registerDevice>[1]);
  expect(act).toThrow(InputError);
  expect(act).toThrow(message);
  expect(deviceSchemes()).toEqual(before);
});

it('refuses a scheme twice', () => {
  register('gige', (uri) => new Counter(uri));
  expect(() => registerDevice('gige', (uri) => new Counter(uri))).toThrow('"gige:" is registered already');
});

it.each<[string, unknown, RegExp]>([
  ['nothing', undefined, /what was registered for "gige:": expected a Device, got undefined/],
  ['a promise', Promise.resolve(), /expected a Device.*got a Promise \(is an await missing\?\)/],
  [
    'half a device',
    { uri: 'x:', open() {}, close() {} },
    /: health: expected a Device, with an object there, got undefined/,
  ],
])('says that a factory gave %s', (_, given, message) => {
  register('gige', () => given as Device);
  expect(() => createDevice('gige:')).toThrow(InputError);
  expect(() => createDevice('gige:')).toThrow(message);
});

it('hides the password of a source whose factory throws', () => {
  register('gige', (uri) => {
    throw new Error(`cannot reach ${uri}`);
  });
  expect(() => createDevice('gige://me:hunter2@host/')).toThrow('cannot reach gige://');
  expect(() => createDevice('gige://me:hunter2@host/')).not.toThrow('hunter2');
});

it('a device in place of a URI is that device', async () => {
  const device = new Counter('mine:');
  expect(createDevice(device)).toBe(device);
  expect(await openDevice(device)).toBe(device);
  expect(device.health.state).toBe('online');
  await device.close();
});

it.each([null, 7, {}, [], undefined])('refuses %j as a source', (source) => {
  expect(() => createDevice(source as string)).toThrow(InputError);
});
