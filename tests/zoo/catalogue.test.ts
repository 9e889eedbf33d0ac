import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { listModels } from '../../sdk/core/cards/model-file.ts';
import { openCatalogue } from '../../sdk/zoo/catalogue.ts';
import { planOf } from '../../sdk/zoo/plan.ts';
import { signatureOf } from '../../sdk/zoo/signature.ts';
import { parseSource } from '../../sdk/zoo/source.ts';
import { plant, temporaryFolder } from '../support/folders.ts';
import { cardOf, entryOf, network, pair, sha256, signed, startServer } from './mirror.ts';

const bytes = network(1000);
const keys = [pair.publicKey];

/** Of a folder with these files. */
function open(files: Readonly<Record<string, string>>, folder = temporaryFolder(), change: object = {}) {
  return openCatalogue({ from: plant(temporaryFolder(), files), keys, folder, ...change });
}

describe('the zoo that ships', () => {
  it('is signed by a key of this version, and each model of it can be used', async () => {
    const { manifest } = await openCatalogue();
    expect(manifest.unusable).toEqual(new Map());
    expect(manifest.models.length).toBeGreaterThan(0);
    const shipped = (await listModels()).map(({ name }) => name);
    for (const { name } of manifest.models) expect(shipped).not.toContain(name);
  });

  it('has the files that it says ship with Ocellus', async () => {
    const files = (await openCatalogue()).manifest.models.flatMap((model) => model.files);
    const ship = files.flatMap(({ sha256: sum, sources }) =>
      sources.map((source) => ({ sum, source: parseSource(source) })),
    );
    for (const { sum, source } of ship)
      if (source.kind === 'shipped') expect(sha256(readFileSync(asset('sdk', 'models', 'zoo', source.file)))).toBe(sum);
    expect(ship.some(({ source }) => source.kind === 'shipped')).toBe(true);
  });

  it('has nothing of a private key in the tree', () => {
    const text = ['sdk/zoo/keys.ts', 'sdk/models/zoo.json', 'sdk/models/zoo.json.sig'].map((path) =>
      readFileSync(asset(path), 'utf8'),
    );
    expect(text.join('')).not.toMatch(/PRIVATE KEY/);
  });

  it('tells figures only with the set and the command that gave them', async () => {
    for (const { card } of (await openCatalogue()).manifest.models)
      for (const measured of card.accuracy ?? [])
        expect(measured).toMatchObject({
          dataset: expect.stringMatching(/\d+ (test )?pictures/),
          command: expect.stringMatching(/^ocellus /),
        });
  });

  it('serves a mirror that has files alone', async () => {
    const [own, there] = [await openCatalogue(), await openCatalogue({ from: temporaryFolder() })];
    expect(there.manifest).toEqual(own.manifest);
    const { name } = own.manifest.models[0]!;
    expect(planOf(name, there).files.every(({ origins }) => origins.some(({ kind }) => kind === 'path'))).toBe(true);
  });
});

describe('a manifest', () => {
  it('is read once its signature is right, from a folder and from a server', async () => {
    const files = signed([entryOf('small', bytes)]);
    expect((await open(files)).manifest.models.map(({ name }) => name)).toEqual(['small']);
    const server = await startServer();
    for (const [name, text] of Object.entries(files))
      server.answer(`/zoo/${name}`, (_, response) => void response.end(text));
    const catalogue = await openCatalogue({ from: `${server.url}/zoo`, keys, folder: temporaryFolder() });
    expect(planOf('small', catalogue).files[0]!.origins).toEqual([
      { kind: 'url', url: `${server.url}/zoo/small/small.onnx` },
    ]);
  });

  it('may be signed by several, of whom one is known', async () => {
    const files = signed([entryOf('small', bytes)]);
    const other = signatureOf(Buffer.from(files['zoo.json']), generateKeyPairSync('ed25519').privateKey);
    expect((await open({ ...files, 'zoo.json.sig': `${other}\n${files['zoo.json.sig']}` })).manifest.version).toBe(7);
  });

  const good = signed([entryOf('small', bytes)]);
  const stranger = signed([entryOf('small', bytes)], {}, generateKeyPairSync('ed25519').privateKey);
  it.each<[string, Record<string, string>, RegExp]>([
    [
      'changed',
      { ...good, 'zoo.json': good['zoo.json'].replace('"version":7', '"version":8') },
      /its signature is wrong: it was changed/,
    ],
    [
      'signed by a stranger',
      stranger,
      /is signed by [0-9a-f]{16}: expected one of [0-9a-f]{16}\. For a zoo of your own/,
    ],
    ['not signed', { 'zoo.json': good['zoo.json'] }, /has no signature: expected zoo\.json\.sig beside/],
    [
      'with a broken signature',
      { ...good, 'zoo.json.sig': 'ed25519 abc def\n' },
      /expected lines "ed25519 KEY SIGNATURE"/,
    ],
    ['with an empty signature', { ...good, 'zoo.json.sig': '' }, /expected lines "ed25519 KEY SIGNATURE"/],
    ['expired', signed([], { expires: '2026-02-01' }), /has expired on 2026-02-01 \(today is 2026-03-04\)/],
    ['of a later format', signed([], { format: 2 }), /is of format 2: expected 1.*update Ocellus/],
    ['without a version', signed([], { version: undefined }), /version: expected a whole number/],
    [
      'that is none',
      { 'zoo.json': '[', 'zoo.json.sig': `${signatureOf(Buffer.from('['), pair.privateKey)}\n` },
      /expected JSON/,
    ],
    ['that is not there', {}, /has no zoo\.json: expected one that is signed with the key given/],
  ])('%s is refused', async (_, files, message) => {
    await expect(open(files, undefined, { now: new Date('2026-03-04') })).rejects.toThrow(message);
  });

  it('is refused where a newer one was seen, as long as it was signed with the same key', async () => {
    const folder = temporaryFolder();
    await open(signed([], { version: 9 }), folder);
    await open(signed([], { version: 9 }), folder);
    await expect(open(signed([], { version: 8 }), folder)).rejects.toThrow(
      /is version 8, and version 9 was seen before/,
    );
    const other = generateKeyPairSync('ed25519');
    const catalogue = await open(signed([], { version: 1 }, other.privateKey), folder, { keys: [other.publicKey] });
    expect(catalogue.manifest.version).toBe(1);
  });

  it('is refused from a place that is neither a folder nor a server', async () => {
    await expect(openCatalogue({ from: 'ftp://somewhere.invalid/zoo' })).rejects.toThrow(
      /expected http:\/\/…, https:\/\/… or a folder/,
    );
    await expect(openCatalogue({ from: join(temporaryFolder(), 'absent') })).rejects.toThrow(/is no folder/);
  });

  const entry = entryOf('small', bytes);
  const [one] = entry.files as [(typeof entry.files)[number]];
  it.each<[string, object, RegExp]>([
    [
      'a name with a path',
      { name: '../small', card: { ...entry.card, name: '../small' } },
      /name: expected text that fits/,
    ],
    [
      'a file with a path',
      { files: [{ ...one, file: '../../small.onnx' }] },
      /files\.0\.file: expected text that fits/,
    ],
    [
      'a file that begins with a dot',
      { files: [{ ...one, file: '.small.onnx' }] },
      /files\.0\.file: expected text that fits/,
    ],
    [
      'the name of its card as a file',
      { files: [one, { ...one, file: 'small.card.json' }] },
      /belongs to what is written beside it/,
    ],
    ['a file twice', { files: [one, { ...one, file: 'SMALL.onnx' }] }, /is there twice/],
    ['another name in its card', { card: cardOf('other', 'small.onnx', bytes) }, /its card has the name other/],
    [
      'another file in its card',
      { card: cardOf('small', 'other.onnx', bytes) },
      /expected the file other\.onnx of its card among small\.onnx/,
    ],
    [
      'another sum in its card',
      { card: cardOf('small', 'small.onnx', Buffer.from('x')) },
      /has another sha256 in its card/,
    ],
    [
      'a source of another scheme',
      { files: [{ ...one, sources: ['http://somewhere.invalid/a'] }] },
      /expected https:\/\/…, pypi:/,
    ],
    [
      'a source of this machine',
      { files: [{ ...one, sources: ['file:///etc/passwd'] }] },
      /expected https:\/\/…, pypi:/,
    ],
    [
      'an option as a package',
      { files: [{ ...one, sources: ['pypi:--index-url==1#a'] }] },
      /expected https:\/\/…, pypi:/,
    ],
    ['no source', { files: [{ ...one, sources: [] }] }, /sources: expected a list of at least 1/],
    ['a size that is none', { files: [{ ...one, bytes: -1 }] }, /bytes: expected a whole number/],
    ['a decoder that is not known', { card: { ...entry.card, decoder: { type: 'later' } } }, /decoder.*expected "/s],
  ])('%s: that model cannot be used, others can', async (_, change, message) => {
    const catalogue = await open(signed([{ ...entry, ...change }, entryOf('other', bytes)]));
    expect(catalogue.manifest.models.map(({ name }) => name)).toEqual(['other']);
    expect([...catalogue.manifest.unusable.values()].join()).toMatch(message);
    if (!('name' in change))
      expect(() => planOf('small', catalogue)).toThrow(/this version of Ocellus cannot use the model small: /);
    expect(() => planOf('absent', catalogue)).toThrow(/the zoo has no model "absent": expected one of other, a URL/);
  });
});

describe('a source', () => {
  it.each<[string, object]>([
    ['https://somewhere.invalid/a.onnx', { kind: 'url', url: 'https://somewhere.invalid/a.onnx' }],
    ['pypi:some-package==1.0.2#a/b.onnx', { kind: 'pypi', name: 'some-package', version: '1.0.2', member: 'a/b.onnx' }],
    ['npm:@scope/name@1.0.2#a/b.onnx', { kind: 'npm', name: '@scope/name', version: '1.0.2', member: 'a/b.onnx' }],
    ['shipped:a.onnx', { kind: 'shipped', file: 'a.onnx' }],
  ])('%s', (text, expected) => {
    expect(parseSource(text)).toEqual(expected);
  });

  it.each([
    '',
    'https://',
    'https://me:secret@somewhere.invalid/a',
    'pypi:a#b',
    'pypi:a==-1#b',
    'pypi:a b==1#b',
    'npm:a@git+ssh://x#b',
    'npm:../a@1#b',
    'npm:a@latest#b',
    'shipped:../a',
    'shipped:a/b',
  ])('not %j', (text) => {
    expect(() => parseSource(text)).toThrow(/expected https/);
  });
});
