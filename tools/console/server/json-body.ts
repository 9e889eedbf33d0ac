import type { IncomingMessage } from 'node:http';
import { assertHarmless } from '../../../sdk/config/outside-json.ts';
import { HttpError } from './reply.ts';

const maxBodyBytes = 64 * 1024;

/**
 * @throws HttpError 415, 413 or 400 when the body is not JSON, too large, or not well-formed. InputError when it is
 * nested too deeply.
 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  // A foreign page cannot send this type without a CORS preflight, which is refused.
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new HttpError(415, `expected content-type application/json, got ${JSON.stringify(type.slice(0, 100))}`);
  }
  const body = await readBody(request);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new HttpError(400, 'expected JSON');
  }
  assertHarmless(value);
  return value;
}

function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBodyBytes) chunks.push(chunk);
      else chunks = [];
    });
    request.on('end', () => {
      if (length <= maxBodyBytes) resolve(Buffer.concat(chunks));
      // All of it is read and discarded first: a client that is cut off while sending does not see the answer, and a
      // connection that the client wants closed ends with the answer.
      else reject(new HttpError(413, `expected at most ${maxBodyBytes} bytes`));
    });
    request.on('error', reject);
    request.on('close', () => reject(new HttpError(400, 'the request ended too early')));
  });
}
