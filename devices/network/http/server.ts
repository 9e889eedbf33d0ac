import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { InputError } from '../../../sdk/base/errors.ts';
import { authorization, type Login } from './login.ts';

const connectTimeoutMs = 8000;
const mostRedirects = 5;
/** Each address may ask for a password, and again when what it asked last has expired. */
const mostRequests = 3 * (mostRedirects + 1);
/** The body of a refusal is read to its end, so that its connection can be used again, where it is no longer. */
const longestRefusal = 64 * 1024;
const longestRetryMs = 10 * 60_000;

/** The server answered, but with nothing to read. */
export class HttpRefusal extends InputError {
  readonly status: number;
  /** How long it wants not to be asked again, where it says so (`Retry-After`), ms. */
  readonly retryAfterMs: number | undefined;

  /** The password was not sent, since another server was led to. */
  readonly isElsewhere: boolean;

  /** @param elsewhere The other server that asks for a password. */
  constructor({ statusCode = 0, statusMessage = '', headers }: IncomingMessage, elsewhere?: string) {
    const returned = `the server returned ${statusCode} ${statusMessage}`.trim();
    super(
      elsewhere === undefined
        ? returned
        : `the server redirects to ${elsewhere}, which asks for a password: it is sent to no other server; give that address in place of this one`,
    );
    this.isElsewhere = elsewhere !== undefined;
    this.status = statusCode;
    this.retryAfterMs = retryAfter(headers['retry-after'], headers.date);
  }
}

/** The server did not answer. */
export class NoAnswer extends InputError {}

/**
 * A camera's web server, asked as a browser would ask: with user name and password if it wants them, following redirects,
 * over one connection, which is kept; the password is sent to no other server. One request at a time.
 */
export class CameraServer {
  readonly #url: URL;
  readonly #login: Login | undefined;
  readonly #agents = {
    'http:': new HttpAgent({ keepAlive: true, maxSockets: 1 }),
    'https:': new HttpsAgent({ keepAlive: true, maxSockets: 1 }),
  };
  /** What it asked last, and how often that was answered. */
  #challenge: { readonly text: string; answers: number } | undefined;

  constructor(address: string) {
    this.#url = new URL(address);
    this.#login = loginIn(this.#url);
  }

  /**
   * @param signal Ends it.
   * @returns The answer, 200, whose body was not read yet.
   * @throws HttpRefusal when it is another one. @throws NoAnswer when there is none, in words. @throws InputError when it leads
   *   nowhere.
   */
  async get(signal: AbortSignal): Promise<IncomingMessage> {
    let url = this.#url;
    let redirects = 0;
    /** What was answered in vain at this address. */
    let refused: string | undefined;
    for (let count = 0; count < mostRequests; count++) {
      const response = await this.#request(url, signal);
      const { statusCode = 0, headers } = response;
      if (statusCode === 200) return response;
      letGo(response);
      const challenge = headers['www-authenticate'];
      if (statusCode === 401 && challenge && refused === undefined && this.#mayLogIn(url)) {
        refused = challenge;
        this.#challenge = { text: challenge, answers: 0 };
        if (authorization(challenge, this.#login!, '/') !== undefined) continue;
      }
      if (statusCode >= 301 && statusCode <= 308 && headers.location && redirects++ < mostRedirects) {
        url = elsewhere(headers.location, url);
        refused = undefined;
        continue;
      }
      const isOther = statusCode === 401 && this.#login !== undefined && !this.#mayLogIn(url);
      throw new HttpRefusal(response, isOther ? url.origin : undefined);
    }
    throw new InputError('too many redirects');
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  #mayLogIn(url: URL): boolean {
    return this.#login !== undefined && url.origin === this.#url.origin;
  }

  /** The answer to what it asked before, of which a server need not be asked each time. */
  #authorization(url: URL): string | undefined {
    const challenge = this.#challenge;
    if (!challenge || !this.#mayLogIn(url)) return undefined;
    challenge.answers++;
    return authorization(challenge.text, this.#login!, `${url.pathname}${url.search}`, challenge.answers);
  }

  async #request(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
    try {
      return await this.#send(url, this.#authorization(url), signal);
    } catch (error) {
      // A server may close a connection that it kept just when it is asked something.
      if (!(error instanceof Dropped)) throw error;
      return await this.#send(url, this.#authorization(url), signal);
    }
  }

  #send(url: URL, authorization: string | undefined, signal: AbortSignal): Promise<IncomingMessage> {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    return new Promise((resolve, reject) => {
      const isSecure = url.protocol === 'https:';
      const request = (isSecure ? httpsRequest : httpRequest)({
        ...{ host, port: url.port || undefined, path: `${url.pathname}${url.search}`, signal },
        headers: {
          ...{ Accept: '*/*', 'User-Agent': 'Ocellus', 'Cache-Control': 'no-cache' },
          ...(authorization && { Authorization: authorization }),
        },
        agent: this.#agents[isSecure ? 'https:' : 'http:'],
        // Cameras write headers that no standard has, and sign their own certificates.
        insecureHTTPParser: true,
        ...(isSecure && { rejectUnauthorized: false, servername: isIP(host) ? '' : host }),
      });
      const timer = setTimeout(() => request.destroy(new Error('connection timed out')), connectTimeoutMs);
      request.once('response', (response) => {
        clearTimeout(timer);
        resolve(response);
      });
      request.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        const isDropped = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        reject(isDropped ? new Dropped(inWords(error)) : new NoAnswer(inWords(error)));
      });
      request.end();
    });
  }
}

/** A connection that was kept is none any more. */
class Dropped extends NoAnswer {}

function letGo(response: IncomingMessage): void {
  const length = Number(response.headers['content-length'] ?? Number.NaN);
  if (length <= longestRefusal) response.on('error', () => {}).resume();
  else response.destroy();
}

/** @param value Seconds, or a date. @param now By the server's clock: this one may not be set. */
function retryAfter(value: string | undefined, now = ''): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.parse(now);
  return ms > 0 ? Math.min(ms, longestRetryMs) : undefined;
}

function loginIn({ username, password }: URL): Login | undefined {
  if (username === '' && password === '') return undefined;
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    // A % that is one.
    return { user: username, password };
  }
}

/** @throws InputError when it is not on the web. */
function elsewhere(location: string, from: URL): URL {
  const url = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new InputError('the server redirects to an address that is not on whitelist: expected http: or https:');
  }
  return url;
}

function inWords(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the name of the host cannot be resolved';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'the host is unreachable';
    case 'ETIMEDOUT':
      return 'connection timed out';
    default:
      return error.message;
  }
}
