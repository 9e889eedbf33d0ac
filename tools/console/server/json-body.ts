import type { IncomingMessage } from 'node:http';
import { HttpError } from './reply.ts';

const maxBodyBytes = 64 * 1024;

/** @throws HttpError 415, 413 or 400 when the body is not JSON, too large, or not well-formed. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  // A foreign page cannot send this type without being asked first, and the answer would be no.
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new HttpError(415, `expected content-type application/json, got ${JSON.stringify(type.slice(0, 100))}`);
  }
  const body = await readBody(request);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new HttpError(400, 'expected JSON');
  }
}

function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBodyBytes) chunks.push(chunk);
      else {
        // The rest is read and thrown away: who is cut off while sending does not see the answer.
        chunks = [];
        reject(new HttpError(413, `expected at most ${maxBodyBytes} bytes`));
      }
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => reject(new HttpError(400, 'the request ended too early')));
  });
}
