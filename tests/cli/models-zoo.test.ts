import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plant, temporaryFolder } from '../support/folders.ts';
import { until } from '../support/until.ts';
import { cardOf, entryOf, file, network, publicPem, sha256, signed, startServer, zooFolder } from '../zoo/mirror.ts';
import { ended, jsonLines, photo, start } from './cli.ts';

const bytes = network(3_000_000);

/** A user who has nothing yet, and the key of the zoo of these tests. */
function user() {
  const data = temporaryFolder();
  const key = join(plant(temporaryFolder(), { 'key.pem': publicPem }), 'key.pem');
  const models = (args: readonly string[], cwd?: string) => start(['models', ...args], cwd, { OCELLUS_DATA: data });
  const run = (args: readonly string[], cwd?: string) => ended(models(args, cwd));
  return { data, key, models, run, folder: join(data, 'models.zoo') };
}

describe('ocellus models add, list, remove', () => {
  it('go from a folder to a detection, and back', async () => {
    const { data, key, run } = user();
    const zoo = ['--from', zooFolder('small', bytes), '--key', key];
    const listed = async () =>
      jsonLines((await run(['list', '--zoo', '--json', ...zoo])).out) as Record<string, unknown>[];
    expect(await listed()).toMatchObject([
      { name: 'small', state: 'available', bytes: bytes.length, licence: 'Apache-2.0', task: 'detect' },
    ]);

    const added = await run(['add', 'small', ...zoo, '--yes']);
    expect(added.code, added.err).toBe(0);
    expect(added.err).toMatch(/^licence Apache-2\.0, of https:\/\/somebody\.invalid\/networks$/m);
    expect(added.err).toMatch(/^Copyright \(c\) 2026 Somebody\.$/m);
    expect(added.out).toMatch(/^small: .*models\.zoo\/small; ocellus detect PICTURE --model small$/m);
    expect(await listed()).toMatchObject([{ name: 'small', state: 'installed', licence: 'Apache-2.0' }]);
    expect((jsonLines((await run(['list', '--json'])).out) as { name: string }[]).map(({ name }) => name)).toContain(
      'small',
    );
    expect((await run(['list'])).out).toMatch(/^small +detect +installed +64x64 .*not measured +Apache-2\.0/m);
    const detect = await ended(
      start(['detect', photo('cat.jpg'), '--model', 'small', '--json'], undefined, { OCELLUS_DATA: data }),
    );
    expect(detect.err).toBe('');
    expect(jsonLines(detect.out)).toMatchObject([{ detections: [{ label: 'thing' }] }]);

    const again = await run(['add', 'small', ...zoo, '--yes']);
    expect(again).toMatchObject({
      code: 0,
      err: expect.stringMatching(/small is installed already, with the same files/),
    });
    const cwd = plant(temporaryFolder(), { 'ocellus.yaml': 'core: { model: small }\n' });
    const removed = await run(['remove', 'small', '--yes'], cwd);
    expect(removed).toMatchObject({ code: 0, out: 'small: removed\n' });
    expect(removed.err).toMatch(/ocellus\.yaml names it as core\.model/);
    expect(await listed()).toMatchObject([{ name: 'small', state: 'available' }]);
  });

  it('goes on after it was killed', async () => {
    const { key, models, run, folder } = user();
    const server = await startServer();
    for (const [name, text] of Object.entries(signed([entryOf('small', bytes)])))
      server.answer(`/${name}`, (_, response) => void response.end(text));
    // The first half, and then nothing.
    server.answer('/small/small.onnx', (_, response) => {
      response.writeHead(200, { 'content-length': bytes.length, etag: '"1"' });
      response.write(bytes.subarray(0, 1_000_000));
    });
    const args = ['add', 'small', '--from', server.url, '--key', key, '--yes'];
    const child = models(args);
    const partial = join(folder, '.partial', sha256(bytes));
    await until(() => existsSync(partial) && readFileSync(partial).length === 1_000_000);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(existsSync(join(folder, 'small'))).toBe(false);
    expect(readFileSync(partial).equals(bytes.subarray(0, 1_000_000))).toBe(true);

    server.answer('/small/small.onnx', file(bytes, { etag: '"1"' }));
    const { code, err } = await run(args);
    expect(code, err).toBe(0);
    expect(server.asked.at(-1)).toEqual({ path: '/small/small.onnx', range: 'bytes=1000000-', ifRange: '"1"' });
    expect(readFileSync(join(folder, 'small', 'small.onnx')).equals(bytes)).toBe(true);
    expect(existsSync(partial)).toBe(false);
  });

  it('install a file with its card', async () => {
    const { run } = user();
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'mine.onnx'), bytes);
    writeFileSync(join(cwd, 'a.card.json'), JSON.stringify(cardOf('mine', 'elsewhere.onnx', bytes)));
    const { code, err } = await run(['add', 'mine.onnx', '--card', 'a.card.json', '--yes'], cwd);
    expect(err).toMatch(/^licence not stated/m);
    expect(code, err).toBe(0);
  });

  it.each<[string, readonly string[], RegExp]>([
    [
      'a model that nobody agreed to',
      ['add', 'small', 'ZOO'],
      /Install small\? Nobody can be asked here: expected --yes/,
    ],
    [
      'a model that there is not',
      ['add', 'absent', 'ZOO', '-y'],
      /the zoo has no model "absent": expected one of small/,
    ],
    [
      'a model that ships',
      ['add', 'nanodet-g-416-int8', '-y'],
      /nanodet-g-416-int8 ships with Ocellus: it is there already/,
    ],
    ['the key alone', ['add', 'small', '--key', 'KEY', '-y'], /--key: expected --from too/],
    [
      'a key that is none',
      ['list', '--from', '.', '--key', '/dev/null'],
      /--key \/dev\/null: expected an ed25519 public key in PEM/,
    ],
    ['a zoo without the right key', ['list', 'FROM'], /is signed by [0-9a-f]{16}: expected one of [0-9a-f]{16}/],
    ['a URL without a sum', ['add', 'https://somewhere.invalid/a.onnx', '-y'], /expected --sha256/],
    [
      'a URL from a mirror',
      ['add', 'https://somewhere.invalid/a.onnx', 'ZOO', '-y'],
      /expected the name of a model with them/,
    ],
    ['the sum of a name', ['add', 'small', '--sha256', 'a', '-y'], /expected a URL or a file with them/],
    ['a file that there is not', ['add', './absent.onnx', '-y'], /absent\.onnx cannot be read/],
    ['removing what ships', ['remove', 'nanodet-g-416-int8', '-y'], /ships with Ocellus and stays/],
    ['removing what is not there', ['remove', 'small', '-y'], /the model "small" is not installed/],
  ])('refuse %s', async (_, args, message) => {
    const { key, run } = user();
    const from = ['--from', zooFolder('small', bytes)];
    const { code, err } = await run(
      args.flatMap((one) =>
        one === 'ZOO' ? [...from, '--key', key] : one === 'FROM' ? from : [one === 'KEY' ? key : one],
      ),
    );
    expect(err).toMatch(message);
    expect(code).toBe(2);
  });
});
