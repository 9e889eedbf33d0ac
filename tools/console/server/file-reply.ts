import { open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { HttpError } from './reply.ts';

/**
 * Answers with a file, or the part of it that is asked for: players ask for parts, and phones play nothing otherwise.
 *
 * @throws HttpError 404 when it is not there any more.
 */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  contentType: string,
): Promise<void> {
  const file = await open(path).catch(() => undefined);
  if (!file) throw new HttpError(404, 'it is no longer kept');
  try {
    const { size } = await file.stat();
    const part = partOf(request.headers.range, size);
    const headers = { 'Content-Type': contentType, 'Accept-Ranges': 'bytes', 'Cache-Control': 'private, no-cache' };
    if (part === 'none') {
      response.writeHead(416, { ...headers, 'Content-Range': `bytes */${size}`, 'Content-Length': 0 }).end();
      return;
    }
    const { start, end } = part ?? { start: 0, end: size - 1 };
    response.writeHead(part ? 206 : 200, {
      ...headers,
      'Content-Length': end - start + 1,
      ...(part && { 'Content-Range': `bytes ${start}-${end}/${size}` }),
    });
    if (request.method === 'HEAD') response.end();
    // Who goes away in the middle has seen enough.
    else await pipeline(file.createReadStream({ start, end, autoClose: false }), response).catch(() => {});
  } finally {
    await file.close();
  }
}

/** @returns Undefined: all of it, as for what is no range of bytes, or several. `none`: there is no such part. */
function partOf(range: string | undefined, size: number): { start: number; end: number } | 'none' | undefined {
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range ?? '') ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined;
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && from !== '' && Number(to) < start) return undefined;
  return start <= end ? { start, end } : 'none';
}
