import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { resolveSettings } from '../../sdk/config/settings.ts';
import { withOptions } from '../../tools/cli/commands/run.ts';
import { ended, jsonLines, lineOf, ocellus, start } from './cli.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-run-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const configure = (text: string) => writeFile(join(folder, 'ocellus.yaml'), text);

describe('withOptions', () => {
  const none = { console: true };

  it('changes nothing that was not said', () => {
    const input = { node: 'a', cameras: { door: { source: 'scene:' } }, mqtt: { broker: 'off' } };
    expect(resolveSettings(withOptions(input, none))).toEqual(resolveSettings(input));
    expect(resolveSettings(withOptions({}, none))).toEqual(resolveSettings({}));
  });

  it('lays what was said over the file, and keeps the rest', () => {
    const input = {
      node: 'a',
      cameras: { door: { source: 'scene:', detect: { fps: 5 } } },
      core: { threads: 1 },
      mqtt: { username: 'me' },
      console: { port: 80 },
    };
    const options = {
      node: 'b',
      source: 'file:x',
      model: 'm.onnx',
      broker: 'mqtt://h',
      mqttPort: 0,
      host: '0.0.0.0',
      port: 0,
      console: false,
    };
    expect(withOptions(input, options)).toEqual({
      node: 'b',
      cameras: { door: { source: 'file:x', detect: { fps: 5 } } },
      core: { threads: 1, model: 'm.onnx' },
      mqtt: { username: 'me', broker: 'mqtt://h', port: 0 },
      console: { port: 0, host: '0.0.0.0', enabled: false },
    });
    expect(input.node).toBe('a');
  });

  it.each([
    { name: 'the only one', cameras: { door: {} }, options: { source: 's' }, expected: { door: { source: 's' } } },
    { name: 'a first one', cameras: undefined, options: { source: 's' }, expected: { camera: { source: 's' } } },
    {
      name: 'a first one with a name',
      cameras: undefined,
      options: { source: 's', camera: 'c' },
      expected: { c: { source: 's' } },
    },
    {
      name: 'one of several',
      cameras: { a: {}, b: { loop: false } },
      options: { source: 's', camera: 'b' },
      expected: { a: {}, b: { loop: false, source: 's' } },
    },
    {
      name: 'one more',
      cameras: { a: {} },
      options: { source: 's', camera: 'b' },
      expected: { a: {}, b: { source: 's' } },
    },
    { name: 'one by its name alone', cameras: undefined, options: { camera: 'b' }, expected: { b: {} } },
    {
      name: 'one that the file leaves empty',
      cameras: { a: null },
      options: { source: 's' },
      expected: { a: { source: 's' } },
    },
  ])('gives the source to $name', ({ cameras, options, expected }) => {
    expect(withOptions({ cameras }, { ...none, ...options }).cameras).toEqual(expected);
  });

  it('asks which camera is meant', () => {
    expect(() => withOptions({ cameras: { a: {}, b: {} } }, { ...none, source: 's' })).toThrow(
      '--source: the settings file has several cameras; choose one with --camera: a, b',
    );
  });

  it('leaves a wrong file to the check of its fields', () => {
    const wrong = { cameras: 'door', mqtt: 7 };
    expect(() => resolveSettings(withOptions(wrong, { ...none, source: 's' }))).toThrow(
      'cameras: expected fields by name',
    );
    expect(() => resolveSettings(withOptions(wrong, { ...none, broker: 'off' }))).toThrow('mqtt: expected fields');
    expect(() => resolveSettings(withOptions('text' as never, none))).toThrow('the whole: expected fields');
  });
});

describe('ocellus run', () => {
  it('runs without a page and a broker until SIGINT', async () => {
    const child = start(['run', '--no-console', '--broker', 'off', '--source', 'scene:'], folder);
    const closed = once(child, 'exit');
    expect(await lineOf(child, /running/)).toBe('Ocellus is running.');
    child.kill('SIGINT');
    expect(await closed).toEqual([0, null]);
  });

  it('says in JSON what keeps it from starting, where JSON was asked for', async () => {
    const args = ['run', '--log-format', 'json', '--no-console', '--broker', 'off', '--node', 'a/b'];
    const { code, out, err } = await ocellus(args, folder);
    expect([code, out]).toEqual([2, '']);
    expect(jsonLines(err)).toEqual([
      expect.objectContaining({ level: 'error', msg: expect.stringContaining('node:') }),
    ]);
  });

  it('says which kernels it uses', async () => {
    const child = start(['run', '--no-console', '--broker', 'off', '--source', 'scene:'], folder);
    const all = ended(child);
    await lineOf(child, /running/);
    child.kill('SIGINT');
    expect((await all).err).toMatch(/ kernels: (native \w+|TypeScript \(.+\))$/m);
  });

  it('says how it reads what a zone counted in frames before', async () => {
    const zone = 'zones: {porch: {polygon: [[0, 0], [1, 0], [1, 1]], inertia: 6}}';
    await configure(`cameras: {door: {source: "scene:", ${zone}}}\n`);
    const child = start(['run', '--no-console', '--broker', 'off'], folder);
    const all = ended(child);
    await lineOf(child, /running/);
    child.kill('SIGINT');
    expect((await all).err).toContain(
      'ocellus.yaml: cameras.door.zones.porch.inertia counts frames (6); it is read as inertia_seconds: 0.5, write that instead\n',
    );
  });

  it('says in one line what is wrong with kernels that were asked for', async () => {
    vi.stubEnv('OCELLUS_KERNELS', 'mmx');
    const { code, err } = await ocellus(['run'], folder);
    vi.unstubAllEnvs();
    expect(code).toBe(2);
    expect(err).toMatch(/^error OCELLUS_KERNELS: expected one of typescript.* on this machine, got mmx\n$/);
  });

  it('reads ocellus.yaml in its folder, tells where MQTT is, and ends on SIGTERM', async () => {
    await configure('node: porch\ncameras: {door: {source: "scene:"}}\nmqtt: {port: 0}\nconsole: {enabled: false}\n');
    const child = start(['run'], folder);
    const closed = once(child, 'exit');
    expect(await lineOf(child, /MQTT/)).toMatch(/^MQTT: mqtt:\/\/127\.0\.0\.1:\d+ \(topics ocellus\/porch\/#\)$/);
    child.kill('SIGTERM');
    expect(await closed).toEqual([0, null]);
  });

  it.each([
    {
      name: 'a wrong field',
      text: 'cameras: {door: {sauce: x}}',
      message: 'ocellus.yaml is not right:\n  cameras.door.sauce: no such field',
    },
    {
      name: 'a wrong value',
      text: 'mqtt: {port: -1}',
      message: '  mqtt.port: expected a whole number from 0 to 65535, got -1',
    },
    {
      name: 'a reserved name',
      text: 'cameras: {status: {}}',
      message: '  cameras.status: this name is a topic of the node itself',
    },
    { name: 'broken YAML', text: 'node: a\ncameras: [', message: 'ocellus.yaml is not valid YAML' },
    { name: 'a text instead of fields', text: 'hello', message: 'ocellus.yaml is not right:\n  ' },
  ])('ends with 2 on a settings file with $name', async ({ text, message }) => {
    await configure(text);
    const { code, out, err } = await ocellus(['run', '--no-console', '--broker', 'off'], folder);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });

  it('says that it is the command line that is wrong, not the file', async () => {
    await configure('node: porch');
    const { code, out, err } = await ocellus(['run', '--port', '99999', '--node', 'a/b'], folder);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('error the command line is not right:\n');
    expect(err).toContain('console.port: expected a whole number from 0 to 65535, got 99999');
    expect(err).not.toContain('ocellus.yaml');
  });

  it('ends with 2 on a settings file or a model that is not there', async () => {
    const file = await ocellus(['run', '--config', 'other.yaml', '--no-console'], folder);
    expect([file.code, file.err]).toEqual([2, expect.stringContaining('other.yaml cannot be read: ENOENT')]);
    const model = await ocellus(
      ['run', '--model', 'yolo99', '--no-console', '--broker', 'off', '--source', 'scene:'],
      folder,
    );
    expect([model.code, model.err]).toEqual([2, expect.stringContaining('there is no model "yolo99"')]);
  });
});
