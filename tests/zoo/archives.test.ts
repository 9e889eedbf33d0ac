import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { fetchFile } from '../../sdk/zoo/origin.ts';
import { parseSource } from '../../sdk/zoo/source.ts';
import { tarMember } from '../../sdk/zoo/tar-member.ts';
import { zipMember } from '../../sdk/zoo/zip-member.ts';
import { temporaryFolder } from '../support/folders.ts';
import { tgz, zip } from './archives.ts';
import { network, sha256 } from './mirror.ts';

const content = network(300_000);
const others = { 'a/other.txt': Buffer.from('other'), '../../escaped': Buffer.from('escaped') };
const most = content.length;

async function read(member: typeof zipMember, archive: Buffer, name: string, bound = most): Promise<Buffer> {
  const folder = temporaryFolder();
  const path = join(folder, 'archive');
  writeFileSync(path, archive);
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of member(path, name, bound)) pieces.push(piece);
  } finally {
    // Nothing is written, whatever the names in it.
    expect(readdirSync(folder)).toEqual(['archive']);
  }
  return Buffer.concat(pieces);
}

describe('a file of a zip archive', () => {
  it.each([0, 8])('by method %i', async (method) => {
    const archive = zip({ ...others, 'a/b.onnx': content, empty: Buffer.alloc(0) }, { method });
    expect((await read(zipMember, archive, 'a/b.onnx')).equals(content)).toBe(true);
    expect((await read(zipMember, archive, 'a/other.txt')).toString()).toBe('other');
    expect((await read(zipMember, archive, 'empty')).length).toBe(0);
  });

  const good = zip({ 'a/b.onnx': content });
  it.each<[string, Buffer, RegExp]>([
    ['no such file', zip(others), /has no file a\/b\.onnx/],
    ['no archive', Buffer.from('<html>'), /it has no directory/],
    ['nothing', Buffer.alloc(0), /it has no directory/],
    ['an archive without its end', good.subarray(0, good.length - 100), /it has no directory/],
    ['an archive without its beginning', good.subarray(1000), /no zip archive/],
    ['an encrypted file', zip({ 'a/b.onnx': content }, { flags: 1 }), /is encrypted/],
    ['a file packed otherwise', zip({ 'a/b.onnx': content }, { method: 12 }), /is packed by method 12/],
    [
      'a file that is larger than what is wanted',
      zip({ 'a/b.onnx': content }, { size: most + 1 }),
      /expected at most \d+ bytes, the archive says/,
    ],
    ['a file of ZIP64', zip({ 'a/b.onnx': content }, { size: 0xffffffff }), /ZIP64/],
    ['damaged content', Buffer.from(good).fill(0xff, 100, 3000), /cannot be unpacked/],
  ])('%s is refused', async (_, archive, message) => {
    await expect(read(zipMember, archive, 'a/b.onnx')).rejects.toThrow(message);
  });
});

describe('a file of a tar archive', () => {
  const long = `package/${'long/'.repeat(30)}b.onnx`;
  it.each(['pax', 'gnu'])('with long names as in %s', async (longNames) => {
    const archive = tgz({ ...others, [long]: content, 'package/c.txt': Buffer.from('c') }, { longNames });
    expect((await read(tarMember, archive, long)).equals(content)).toBe(true);
    expect((await read(tarMember, archive, 'package/c.txt')).toString()).toBe('c');
  });

  const good = tgz({ ...others, 'package/b.onnx': content });
  it.each<[string, Buffer, RegExp]>([
    ['no such file', tgz(others), /has no file package\/b\.onnx/],
    ['a link in its place', tgz({ 'package/b.onnx': content }, { kind: '2' }), /has no file package\/b\.onnx/],
    ['no archive', Buffer.from('<html>'), /no tar archive.*incorrect header check/],
    ['nothing', Buffer.alloc(0), /no tar archive/],
    ['an archive that is cut off', good.subarray(0, good.length / 2), /no tar archive/],
    [
      'a file that is larger than what is wanted',
      tgz({ 'package/b.onnx': Buffer.alloc(most + 1) }),
      /expected at most \d+ bytes/,
    ],
  ])('%s is refused', async (_, archive, message) => {
    await expect(read(tarMember, archive, 'package/b.onnx')).rejects.toThrow(message);
  });
});

/** A registry for one package, on the loopback interface: as much of both protocols as their clients ask for. */
async function registry(archive: Buffer): Promise<string> {
  const server = createServer((request, response) => {
    const base = `http://${request.headers.host}`;
    if (request.url === '/simple/small-model/') {
      response.setHeader('content-type', 'text/html');
      response.end('<a href="/files/small_model-1.0-py3-none-any.whl">small_model-1.0-py3-none-any.whl</a>');
    } else if (request.url === '/small-model') {
      const dist = {
        tarball: `${base}/files/small-model-1.0.0.tgz`,
        shasum: createHash('sha1').update(archive).digest('hex'),
      };
      const version = { name: 'small-model', version: '1.0.0', dist };
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({ name: 'small-model', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } }),
      );
    } else if (request.url?.startsWith('/files/')) response.end(archive);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function fetchMember(source: string) {
  const plan = { file: 'b.onnx', sha256: sha256(content), bytes: content.length, most, origins: [parseSource(source)] };
  const folder = temporaryFolder();
  try {
    const { file, from } = await fetchFile(plan, { folder });
    const { isRight } = file;
    await file.moveTo(join(folder, 'whole'));
    await file.close();
    return { isRight, from, left: readdirSync(folder) };
  } catch (error) {
    expect(readdirSync(folder)).toEqual([]);
    throw error;
  }
}

const hasPip = ['pip3', 'pip'].some((program) => spawnSync(program, ['--version']).status === 0);
const metadata = {
  'small_model-1.0.dist-info/METADATA': Buffer.from('Metadata-Version: 2.1\nName: small-model\nVersion: 1.0\n'),
  'small_model-1.0.dist-info/WHEEL': Buffer.from('Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n'),
  'small_model-1.0.dist-info/RECORD': Buffer.from(''),
};

afterEach(() => vi.unstubAllEnvs());

describe('a file of a package, by the client of its registry', () => {
  it.skipIf(!hasPip)('pip (needs pip)', async () => {
    const url = await registry(zip({ ...metadata, 'small_model/b.onnx': content }));
    for (const [name, value] of [
      ['PIP_INDEX_URL', `${url}/simple/`],
      ['PIP_EXTRA_INDEX_URL', ''],
      ['PIP_FIND_LINKS', ''],
      ['PIP_NO_CACHE_DIR', '1'],
      ['NO_PROXY', '127.0.0.1'],
    ] as const)
      vi.stubEnv(name, value);
    const got = await fetchMember('pypi:small-model==1.0#small_model/b.onnx');
    expect(got).toEqual({ isRight: true, from: 'PyPI small-model==1.0', left: ['whole'] });
    await expect(fetchMember('pypi:small-model==1.0#small_model/absent')).rejects.toThrow(
      /PyPI small-model==1\.0: .* has no file small_model\/absent/,
    );
    await expect(fetchMember('pypi:small-model==2.0#a')).rejects.toThrow(/pip3? failed with 1: .*small-model==2\.0/);
  });

  it('npm', async () => {
    vi.stubEnv(
      'npm_config_registry',
      await registry(
        tgz({
          'package/package.json': Buffer.from('{"name":"small-model","version":"1.0.0"}'),
          'package/a/b.onnx': content,
        }),
      ),
    );
    vi.stubEnv('npm_config_cache', temporaryFolder());
    vi.stubEnv('NO_PROXY', '127.0.0.1');
    const got = await fetchMember('npm:small-model@1.0.0#a/b.onnx');
    expect(got).toEqual({ isRight: true, from: 'npm small-model@1.0.0', left: ['whole'] });
    await expect(fetchMember('npm:small-model@1.0.0#package.json')).rejects.toThrow(
      /expected \d+ bytes of sha256 .*nothing of it is kept/,
    );
    await expect(fetchMember('npm:small-model@2.0.0#a')).rejects.toThrow(/npm failed with 1/);
  });

  it('says that a client is not there', async () => {
    vi.stubEnv('PATH', temporaryFolder());
    await expect(fetchMember('npm:small-model@1.0.0#a')).rejects.toThrow(
      /npm is not there: expected it for what is in its packages; or name a mirror/,
    );
    await expect(fetchMember('pypi:small-model==1.0#a')).rejects.toThrow(/pip is not there: expected it/);
  });
});
