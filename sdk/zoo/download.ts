import { setTimeout as wait } from 'node:timers/promises';
import { maskCredentials } from '../base/credentials.ts';
import { InputError, messageOf } from '../base/errors.ts';
import { after } from '../base/timers.ts';
import type { PartialFile, Validator } from './partial-file.ts';
import { type Answer, request } from './request.ts';

/** How patient a download is. */
export interface Patience {
  /** A server has to bring `leastBytes` in this time, else it is given up. */
  readonly windowMs: number;
  readonly leastBytes: number;
  /** Waits before each further try. A try that brought something does not count. */
  readonly waitsMs: readonly number[];
}

export const patience: Patience = { windowMs: 30_000, leastBytes: 8192, waitsMs: [1000, 4000] };
const mostRedirects = 5;
/** However much each one brings. */
const mostTries = 100;

/**
 * Fetches something small whole, such as a manifest.
 *
 * @returns Undefined when the server has none (404 or 410).
 * @throws InputError with what the server did.
 */
export async function fetchSmall(url: string, most: number, how = patience): Promise<Buffer | undefined> {
  const controller = new AbortController();
  // Small: one window for all of it.
  const callOff = after(how.windowMs, () => controller.abort());
  try {
    const response = await ask(url, {}, controller.signal);
    const { status } = response;
    if (status === 404 || status === 410) return undefined;
    if (status !== 200) throw new InputError(`HTTP ${status}`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body) {
      size += chunk.length;
      if (size > most) throw new InputError(`expected at most ${most} bytes, got more`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    const why = controller.signal.aborted ? `no whole answer in ${how.windowMs / 1000} s` : reasonOf(error);
    throw new InputError(`${maskCredentials(url)}: ${why}`);
  } finally {
    callOff();
    controller.abort();
  }
}

/** A try that failed; another one may go better. */
class Interrupted extends InputError {}

/**
 * Fetches what is missing of a file. It goes on where it was interrupted if the server can do so and has the same file
 * still (ETag or Last-Modified, RFC 9110), else it begins anew.
 *
 * @param report Told after each piece.
 * @throws InputError with what the server did. What arrived stays in the partial file where that can go on.
 */
export async function download(url: string, into: PartialFile, report: () => void, how = patience): Promise<void> {
  const shown = maskCredentials(url);
  let failures = 0;
  for (let tries = 1; ; tries++) {
    const before = into.size;
    try {
      return await attempt(url, into, report, how);
    } catch (error) {
      if (!(error instanceof Interrupted)) throw new InputError(`${shown}: ${messageOf(error)}`);
      failures = into.size > before ? 0 : failures + 1;
      const waitMs = how.waitsMs[Math.max(0, failures - 1)];
      if (waitMs !== undefined && tries < mostTries) {
        await wait(waitMs);
        continue;
      }
      const kept = into.size > 0 ? `; ${into.size} bytes are kept: run it again to go on from there` : '';
      throw new InputError(`${shown}: ${messageOf(error)}${kept}`);
    }
  }
}

async function attempt(url: string, into: PartialFile, report: () => void, how: Patience): Promise<void> {
  const controller = new AbortController();
  const watch = new Watch(how, () => controller.abort());
  try {
    const response = await ask(url, await rangeOf(into, url), controller.signal);
    try {
      await take(response, url, into, watch, report);
    } finally {
      // A body that is not read would keep the connection.
      controller.abort();
    }
  } catch (error) {
    if (watch.isLate) throw new Interrupted(`too slow: less than ${how.leastBytes} bytes in ${how.windowMs / 1000} s`);
    throw error;
  } finally {
    watch.stop();
  }
}

/** Ends what brings too little. */
class Watch {
  isLate = false;
  #bytes = 0;
  #callOff: () => void;

  constructor({ windowMs, leastBytes }: Patience, giveUp: () => void) {
    const look = () => {
      if (this.#bytes >= leastBytes) {
        this.#bytes = 0;
        this.#callOff = after(windowMs, look);
        return;
      }
      this.isLate = true;
      giveUp();
    };
    this.#callOff = after(windowMs, look);
  }

  saw(bytes: number): void {
    this.#bytes += bytes;
  }

  stop(): void {
    this.#callOff();
  }
}

/** The headers that ask for the rest, where something is there that this server gave. */
async function rangeOf(into: PartialFile, url: string): Promise<Record<string, string>> {
  const validator = await into.validator();
  if (into.size === 0 || !validator || validator.url !== url) {
    if (into.size > 0) await into.reset();
    return {};
  }
  // A weak ETag says that files mean the same, not that they are the same.
  const same = validator.etag ?? validator.modified;
  return { range: `bytes=${into.size}-`, ...(same && { 'if-range': same }) };
}

/** Follows redirects, none to a scheme that hides less. @throws InputError or Interrupted. */
async function ask(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Answer> {
  let at = new URL(url);
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    let response: Answer;
    try {
      response = await request(at, { ...headers, 'accept-encoding': 'identity' }, signal);
    } catch (error) {
      throw new Interrupted(`no answer: ${reasonOf(error)}`);
    }
    const target = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || target === null) return response;
    const next = targetOf(target, at);
    const isSafe = next?.protocol === 'https:' || (next?.protocol === 'http:' && at.protocol === 'http:');
    if (!next || !isSafe) {
      const shown = maskCredentials(next?.href ?? target).slice(0, 200);
      throw new InputError(
        `it redirects to ${shown}: expected ${at.protocol === 'https:' ? 'https' : 'http or https'}`,
      );
    }
    at = next;
  }
  throw new InputError(`more than ${mostRedirects} redirects`);
}

function targetOf(target: string, from: URL): URL | undefined {
  try {
    return new URL(target, from);
  } catch {
    return undefined;
  }
}

async function take(response: Answer, url: string, into: PartialFile, watch: Watch, report: () => void): Promise<void> {
  const { status, headers } = response;
  if (status === 416) {
    // What is there is not a beginning of what the server has.
    const had = into.size;
    await into.reset();
    if (had > 0) throw new Interrupted(`HTTP 416: what is there is no part of its file; begun anew`);
    throw new InputError('HTTP 416: the server has no such part of its file');
  }
  if (status === 408 || status === 429 || status >= 500) throw new Interrupted(`HTTP ${status}`);
  if (status !== 200 && status !== 206) {
    const what =
      status === 404 || status === 410
        ? ': it is not there'
        : status === 401 || status === 403
          ? ': it is not given'
          : '';
    throw new InputError(`HTTP ${status}${what}`);
  }
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity')
    throw new InputError(`expected the file as it is, got it encoded as ${encoding.slice(0, 40)}`);
  if (status === 200 && into.size > 0) await into.reset();
  if (status === 206) assertRange(headers.get('content-range'), into);
  const length = Number(headers.get('content-length') ?? Number.NaN);
  const total = into.size + length;
  if (into.total !== undefined && Number.isFinite(total) && total !== into.total) {
    await into.reset();
    throw new InputError(`expected ${into.total} bytes, the server has ${total}: it is another file`);
  }
  if (into.size === 0) await into.setValidator(validatorOf(url, headers));
  try {
    for await (const chunk of response.body) {
      watch.saw(chunk.length);
      await into.append(chunk);
      report();
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new Interrupted(
      `cut off after ${into.size}${into.total ? ` of ${into.total}` : ''} bytes: ${reasonOf(error)}`,
    );
  }
  const end = into.total ?? total;
  if (Number.isFinite(end) && into.size < end) throw new Interrupted(`cut off after ${into.size} of ${end} bytes`);
}

/** @throws InputError when a part of the file comes that was not asked for. */
function assertRange(text: string | null, into: PartialFile): void {
  const [, from, , total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(text ?? '') ?? [];
  const isRight = from !== undefined && Number(from) === into.size;
  const isSame = into.total === undefined || total === '*' || Number(total) === into.total;
  if (isRight && isSame) return;
  throw new InputError(
    `HTTP 206: expected the bytes from ${into.size}${into.total ? ` of ${into.total}` : ''}, got ${(text ?? 'no Content-Range').slice(0, 80)}`,
  );
}

function validatorOf(url: string, headers: Headers): Validator {
  const etag = headers.get('etag');
  const modified = headers.get('last-modified');
  return {
    url,
    ...(etag?.startsWith('"') && { etag }),
    ...(modified && { modified }),
  };
}

/** A connection that was tried at several addresses fails with a code and no message. */
function reasonOf(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  if (code === 'ECONNRESET') return 'the connection was closed';
  return message || code || messageOf(error);
}
