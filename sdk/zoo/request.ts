import type { IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';

/** What a server answers. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Its pieces. All that arrived come, also before a cut, with which it throws. To be read once. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** A slow disk holds up the server, not this process' memory. */
const mostWaiting = 1 << 20;

/**
 * Asks by GET, and follows nothing. `fetch` would do, but what arrived before a connection is cut is lost in it unless it was
 * read in time: a file that is fetched in parts then gets no further.
 *
 * @param signal Ends it, whether the answer has begun or not.
 * @throws What the connection did, by its message or code.
 */
export function request(at: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer> {
  const { get } = at.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    get(at, { headers: { accept: '*/*', ...headers }, signal }, (response) => {
      const { statusCode, rawHeaders } = response;
      const named = new Headers();
      for (let i = 0; i < rawHeaders.length; i += 2) named.append(rawHeaders[i]!, rawHeaders[i + 1]!);
      resolve({ status: statusCode!, headers: named, body: piecesOf(response) });
    }).on('error', reject);
  });
}

/** Listens from now on, so that nothing is missed until somebody reads. */
function piecesOf(response: IncomingMessage): AsyncIterable<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let waiting = 0;
  let isOver = false;
  let failure: unknown;
  let wake: () => void = () => {};
  response.on('data', (piece: Uint8Array) => {
    pieces.push(piece);
    waiting += piece.length;
    if (waiting > mostWaiting) response.pause();
    wake();
  });
  response.on('error', (error) => {
    failure ??= error;
  });
  response.on('close', () => {
    isOver = true;
    wake();
  });
  return {
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const arrived = pieces;
        pieces = [];
        waiting = 0;
        yield* arrived;
        if (pieces.length > 0) continue;
        if (isOver) break;
        response.resume();
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (failure) throw failure;
    },
  };
}
