import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ZooEntry } from '../../sdk/zoo/manifest.ts';
import { signatureOf } from '../../sdk/zoo/signature.ts';
import { onnxModel } from '../core/onnx-builder.ts';
import { plant, temporaryFolder } from '../support/folders.ts';

export const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

/** A key of a zoo that is made for a test. */
export const pair = generateKeyPairSync('ed25519');
export const publicPem = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString();

/**
 * A network that finds one box, whatever it sees, in about so many bytes: rows of box, score, class after suppression.
 */
export function network(bytes: number): Buffer {
  const padding = Array.from({ length: Math.ceil(bytes / 4) }, (_, at) => (at * 2654435761) % 1000);
  const row = [10, 10, 40, 40, 0.9, 0];
  const model = onnxModel({
    inputs: [{ name: 'images', shape: [1, 3, 64, 64] }],
    outputs: [{ name: 'boxes', shape: [1, 1, 6] }],
    constants: [
      { name: 'row', shape: [1, 1, 6], data: row },
      { name: 'padding', shape: [padding.length], data: padding },
    ],
    operations: [{ op: 'Identity', inputs: ['row'], outputs: ['boxes'] }],
  });
  return Buffer.from(model);
}

export function cardOf(name: string, file: string, bytes: Uint8Array): ZooEntry['card'] {
  return {
    name,
    task: 'detect',
    file,
    sha256: sha256(bytes),
    input: { width: 64, height: 64 },
    decoder: { type: 'suppressed' },
    labels: ['thing'],
  } as ZooEntry['card'];
}

export function entryOf(name: string, bytes: Uint8Array, change: Partial<ZooEntry> = {}): ZooEntry {
  const file = `${name}.onnx`;
  return {
    name,
    files: [{ file, sha256: sha256(bytes), bytes: bytes.length, sources: [`https://zoo.invalid/${name}/${file}`] }],
    card: cardOf(name, file, bytes),
    licence: { id: 'Apache-2.0', notice: 'Copyright (c) 2026 Somebody.', origin: 'https://somebody.invalid/networks' },
    ...change,
  };
}

/** A manifest and its signature. */
export function signed(models: readonly unknown[], change: object = {}, key: KeyObject = pair.privateKey) {
  const manifest = { format: 1, version: 7, issued: '2026-01-01', expires: '2999-01-01', models, ...change };
  const text = JSON.stringify(manifest);
  return { 'zoo.json': text, 'zoo.json.sig': `${signatureOf(Buffer.from(text), key)}\n` };
}

/** A folder with the layout of a zoo, which has one model. */
export function zooFolder(name: string, bytes: Buffer, change: object = {}): string {
  const folder = plant(temporaryFolder(), signed([entryOf(name, bytes)], change));
  plant(folder, { [join(name, `${name}.onnx`)]: bytes as unknown as string });
  return folder;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface TestServer {
  readonly url: string;
  /** Of each request: its path, and its headers Range and If-Range. */
  readonly asked: { path: string; range?: string; ifRange?: string }[];
  /** What is answered to a path from now on. */
  answer(path: string, how: Answer): void;
}

/** A server on the loopback interface, gone after the test. What it has no answer for is 404. */
export async function startServer(): Promise<TestServer> {
  const answers = new Map<string, Answer>();
  const asked: TestServer['asked'] = [];
  const server = createServer((request, response) => {
    const path = request.url!;
    const { range, 'if-range': ifRange } = request.headers;
    asked.push({ path, ...(range && { range }), ...(ifRange && { ifRange: String(ifRange) }) });
    const how = answers.get(path);
    if (how) how(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked, answer: (path, how) => void answers.set(path, how) };
}

export interface FileOptions {
  readonly etag?: string;
  readonly ranges?: boolean;
  /** The connection ends after so many bytes of each answer. */
  readonly cutAfter?: number;
}

/** Answers as servers of files do (RFC 9110): Range, If-Range. */
export function file(bytes: Buffer, { etag, ranges = true, cutAfter }: FileOptions = {}): Answer {
  return ({ headers }, response) => {
    const isSame = headers['if-range'] === undefined || headers['if-range'] === etag;
    const [, from] = (ranges && isSame && /^bytes=(\d+)-$/.exec(headers.range ?? '')) || [];
    const start = from === undefined ? 0 : Number(from);
    if (start >= bytes.length) {
      response.writeHead(416).end();
      return;
    }
    response.writeHead(from === undefined ? 200 : 206, {
      'content-length': bytes.length - start,
      ...(etag && { etag }),
      ...(from !== undefined && { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
    });
    if (cutAfter === undefined) response.end(bytes.subarray(start));
    else response.write(bytes.subarray(start, start + cutAfter), () => response.destroy());
  };
}
