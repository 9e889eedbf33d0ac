import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { InputError } from '../../../sdk/base/errors.ts';
import { walkFolder } from '../../../sdk/base/walk-folder.ts';

interface StaticFile {
  readonly body: Buffer;
  readonly gzipped: Buffer;
  readonly type: string;
  readonly etag: string;
  /** Its name contains a hash of its content, so it never changes. */
  readonly immutable: boolean;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const compress = promisify(gzip);

/**
 * The built page, read into memory once: it is small, requests can only reach its files, and an update on disk does not
 * mix two versions.
 */
export class StaticFiles {
  readonly #files: ReadonlyMap<string, StaticFile>;

  private constructor(files: ReadonlyMap<string, StaticFile>) {
    this.#files = files;
  }

  /** @throws InputError when the page was not built. */
  static async read(folder: string): Promise<StaticFiles> {
    const files = new Map<string, StaticFile>();
    const entries = await walkFolder(folder).catch(() => []);
    await Promise.all(
      entries
        .filter((entry) => entry.isFile() && extname(entry.name) in types)
        .map(async (entry) => {
          const path = join(entry.parentPath, entry.name);
          const body = await readFile(path);
          const name = `/${relative(folder, path).replaceAll('\\', '/')}`;
          files.set(name, {
            body,
            gzipped: await compress(body),
            type: types[extname(entry.name)]!,
            etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
            immutable: name.startsWith('/assets/'),
          });
        }),
    );
    const index = files.get('/index.html');
    if (!index)
      throw new InputError(`the page is not in ${folder}: run \`npm run build\` in the ocellus package first`);
    files.set('/', index);
    return new StaticFiles(files);
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  /** Answers a GET or a HEAD for an existing path. */
  send(path: string, request: IncomingMessage, response: ServerResponse): void {
    const { body, gzipped, type, etag, immutable } = this.#files.get(path)!;
    response.setHeader('ETag', etag);
    response.setHeader('Cache-Control', immutable ? 'public, max-age=31536000, immutable' : 'no-cache');
    response.setHeader('Vary', 'Accept-Encoding');
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304).end();
      return;
    }
    const zipped = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    if (zipped) response.setHeader('Content-Encoding', 'gzip');
    const content = zipped ? gzipped : body;
    response.writeHead(200, { 'Content-Type': type, 'Content-Length': content.length });
    response.end(request.method === 'HEAD' ? undefined : content);
  }
}
