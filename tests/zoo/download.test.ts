import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fetchFile } from '../../sdk/zoo/origin.ts';
import { PartialFile } from '../../sdk/zoo/partial-file.ts';
import { temporaryFolder } from '../support/folders.ts';
import { file, network, sha256, startServer } from './mirror.ts';

const bytes = network(300_000);
const impatient = { windowMs: 2000, leastBytes: 1, waitsMs: [1, 1] };

function wanted(url: string, change: object = {}) {
  const origins = [{ kind: 'url', url: `${url}/a` }] as const;
  return { file: 'a.onnx', sha256: sha256(bytes), bytes: bytes.length, most: bytes.length, origins, ...change };
}

const fetched = async (url: string, folder: string, change: object = {}, patience = impatient) => {
  const { file: whole } = await fetchFile(wanted(url, change), { folder, patience });
  const content = readFileSync(whole.path);
  await whole.moveTo(join(folder, 'whole'));
  await whole.close();
  return content;
};

const partOf = (folder: string) => readFileSync(join(folder, sha256(bytes)));

describe('a download', () => {
  it('is the file, and leaves nothing else', async () => {
    const [server, folder] = [await startServer(), temporaryFolder()];
    server.answer('/a', file(bytes));
    expect((await fetched(server.url, folder)).equals(bytes)).toBe(true);
    expect(readdirSync(folder)).toEqual(['whole']);
  });

  it('goes on by itself after each cut, asking for the rest of the same file', async () => {
    const [server, folder] = [await startServer(), temporaryFolder()];
    server.answer('/a', file(bytes, { etag: '"1"', cutAfter: 110_000 }));
    expect((await fetched(server.url, folder)).equals(bytes)).toBe(true);
    expect(server.asked.length).toBeGreaterThanOrEqual(3);
    expect(server.asked[0]).toEqual({ path: '/a' });
    for (const { range, ifRange } of server.asked.slice(1)) {
      expect(range).toMatch(/^bytes=[1-9]\d*-$/);
      expect(ifRange).toBe('"1"');
    }
  });

  it('keeps what arrived where the server is gone, and a later run goes on from there', async () => {
    const [server, folder] = [await startServer(), temporaryFolder()];
    let count = 0;
    const half = file(bytes, { etag: '"1"', cutAfter: 150_000 });
    server.answer('/a', (request, response) => (count++ === 0 ? half(request, response) : response.destroy()));
    await expect(fetched(server.url, folder)).rejects.toThrow(/bytes are kept: run it again to go on from there/);
    const had = partOf(folder);
    expect(had.length).toBeGreaterThan(0);
    expect(had.equals(bytes.subarray(0, had.length))).toBe(true);
    server.answer('/a', file(bytes, { etag: '"1"' }));
    server.asked.length = 0;
    expect((await fetched(server.url, folder)).equals(bytes)).toBe(true);
    expect(server.asked).toEqual([{ path: '/a', range: `bytes=${had.length}-`, ifRange: '"1"' }]);
  });

  it('begins anew where the server has no ranges', async () => {
    const [server, folder] = [await startServer(), temporaryFolder()];
    let count = 0;
    const [cut, whole] = [file(bytes, { ranges: false, cutAfter: 100_000 }), file(bytes, { ranges: false })];
    server.answer('/a', (request, response) => (count++ === 0 ? cut : whole)(request, response));
    expect((await fetched(server.url, folder)).equals(bytes)).toBe(true);
    expect(server.asked.length).toBe(2);
  });

  it('begins anew where the file has changed', async () => {
    const [server, folder] = [await startServer(), temporaryFolder()];
    const changed = Buffer.from(bytes).fill(1, 0, 100);
    let count = 0;
    const first = file(changed, { etag: '"1"', cutAfter: 100_000 });
    server.answer('/a', (request, response) =>
      (count++ === 0 ? first : file(bytes, { etag: '"2"' }))(request, response),
    );
    expect((await fetched(server.url, folder)).equals(bytes)).toBe(true);
    expect(server.asked.map(({ ifRange }) => ifRange)).toEqual([undefined, '"1"']);
  });

  it('begins anew, once, where it has changed and no ETag told so', async () => {
    const [server, folder] = [await startServer(), temporaryFolder()];
    const changed = Buffer.from(bytes).fill(1, 0, 100);
    server.answer('/a', (_, response) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(changed.subarray(0, 100_000), () => response.destroy());
    });
    await expect(fetched(server.url, folder)).rejects.toThrow(/cut off/);
    server.answer('/a', file(bytes));
    expect((await fetched(server.url, folder)).equals(bytes)).toBe(true);
    expect(server.asked.at(-1)).toEqual({ path: '/a' });
  });

  it('takes up what a killed process left, and not what is too long', async () => {
    const [server, folder] = [await startServer(), temporaryFolder()];
    server.answer('/a', file(bytes, { etag: '"1"' }));
    const path = join(folder, sha256(bytes));
    writeFileSync(path, bytes.subarray(0, 1000));
    writeFileSync(`${path}.json`, JSON.stringify({ url: `${server.url}/a`, etag: '"1"' }));
    // No process has this number: they end below it.
    writeFileSync(`${path}.lock`, '4194305');
    expect((await fetched(server.url, folder)).equals(bytes)).toBe(true);
    expect(server.asked).toEqual([{ path: '/a', range: 'bytes=1000-', ifRange: '"1"' }]);
    writeFileSync(path, Buffer.alloc(bytes.length + 1));
    expect((await fetched(server.url, folder)).equals(bytes)).toBe(true);
  });

  it('does not ask for what is whole already', async () => {
    const [server, folder] = [await startServer(), temporaryFolder()];
    writeFileSync(join(folder, sha256(bytes)), bytes);
    expect((await fetched(server.url, folder)).equals(bytes)).toBe(true);
    expect(server.asked).toEqual([]);
  });

  it('asks for all of what another server began', async () => {
    const [server, folder] = [await startServer(), temporaryFolder()];
    server.answer('/a', file(bytes));
    writeFileSync(join(folder, sha256(bytes)), bytes.subarray(0, 1000));
    writeFileSync(join(folder, `${sha256(bytes)}.json`), JSON.stringify({ url: 'http://elsewhere.invalid/a' }));
    expect((await fetched(server.url, folder)).equals(bytes)).toBe(true);
    expect(server.asked).toEqual([{ path: '/a' }]);
  });

  it('is of one process at a time', async () => {
    const folder = temporaryFolder();
    const one = await PartialFile.open(folder, wanted('http://nowhere.invalid'));
    await expect(PartialFile.open(folder, wanted('http://nowhere.invalid'))).rejects.toThrow(
      /another process \(\d+\) is fetching the same file: wait for it/,
    );
    await one.close();
    await (await PartialFile.open(folder, wanted('http://nowhere.invalid'))).close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('takes the next source where one fails', async () => {
    const [server, folder] = [await startServer(), temporaryFolder()];
    server.answer('/b', file(bytes));
    const origins = ['/a', '/b'].map((path) => ({ kind: 'url', url: server.url + path }) as const);
    expect((await fetched(server.url, folder, { origins })).equals(bytes)).toBe(true);
    expect(server.asked.map(({ path }) => path)).toEqual(['/a', '/b']);
  });
});

describe('a server that does wrong', () => {
  const redirect = (target: string) => (_: unknown, response: import('node:http').ServerResponse) =>
    void response.writeHead(302, { location: target }).end();
  const status = (code: number) => (_: unknown, response: import('node:http').ServerResponse) =>
    void response.writeHead(code).end();

  it.each<[string, Parameters<Awaited<ReturnType<typeof startServer>>['answer']>[1], RegExp]>([
    ['404', status(404), /\/a: HTTP 404: it is not there/],
    ['403', status(403), /HTTP 403: it is not given/],
    ['416', status(416), /HTTP 416: the server has no such part/],
    ['500, each time', status(500), /HTTP 500/],
    ['503, each time', status(503), /HTTP 503/],
    ['another scheme', redirect('ftp://127.0.0.1/a'), /redirects to ftp:\/\/127\.0\.0\.1\/a: expected http or https/],
    ['a file of this machine', redirect('file:///etc/passwd'), /redirects to file:\/\/\/etc\/passwd: expected http/],
    ['a circle', redirect('/a'), /more than 5 redirects/],
    [
      'a longer file',
      file(Buffer.concat([bytes, bytes])),
      /expected \d+ bytes, the server has \d+: it is another file/,
    ],
    ['a shorter file', file(bytes.subarray(0, 1000)), /expected \d+ bytes, the server has 1000: it is another file/],
    [
      'a body without end',
      (_, response) => {
        response.writeHead(200);
        const more = () => response.write(Buffer.alloc(65536), (error) => !error && !response.destroyed && more());
        more();
      },
      /expected \d+ bytes, got more: it is another file/,
    ],
    [
      'another file of the same size',
      file(Buffer.alloc(bytes.length)),
      /expected \d+ bytes of sha256 [0-9a-f]{64}, got .*nothing of it is kept/,
    ],
    [
      'a part that was not asked for',
      (_, response) => void response.writeHead(206, { 'content-range': `bytes 5-9/${bytes.length}` }).end('abcde'),
      /HTTP 206: expected the bytes from 0/,
    ],
    [
      'an encoded body',
      (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('abc'),
      /got it encoded as gzip/,
    ],
  ])('%s', async (_, how, message) => {
    const [server, folder] = [await startServer(), temporaryFolder()];
    server.answer('/a', how);
    await expect(fetched(server.url, folder)).rejects.toThrow(message);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is given up where it brings nothing, and what it brought is kept', async () => {
    const [server, folder] = [await startServer(), temporaryFolder()];
    server.answer('/a', (_, response) => {
      response.writeHead(200, { 'content-length': bytes.length, etag: '"1"' });
      response.write(bytes.subarray(0, 5000));
    });
    const patience = { windowMs: 150, leastBytes: 100_000, waitsMs: [] };
    await expect(fetched(server.url, folder, {}, patience)).rejects.toThrow(
      /too slow: less than 100000 bytes in 0\.15 s; 5000 bytes are kept/,
    );
    expect(partOf(folder).equals(bytes.subarray(0, 5000))).toBe(true);
  });

  it('is asked again where it says it is busy', async () => {
    const [server, folder] = [await startServer(), temporaryFolder()];
    let count = 0;
    server.answer('/a', (request, response) => (count++ < 2 ? status(503) : file(bytes))(request, response));
    expect((await fetched(server.url, folder)).equals(bytes)).toBe(true);
  });

  it('has its password in no message', async () => {
    const server = await startServer();
    const origins = [{ kind: 'url', url: `${server.url}/a?token=verysecret` }] as const;
    const failure = fetched(server.url, temporaryFolder(), { origins });
    await expect(failure).rejects.toThrow(/HTTP 404/);
    await expect(failure).rejects.not.toThrow(/verysecret/);
  });
});
