import type { IncomingMessage } from 'node:http';
import { Attempts } from '../../../sdk/access/attempts.ts';
import { PasswordCheck } from '../../../sdk/access/password.ts';
import type { Logger } from '../../../sdk/base/log.ts';
import { HttpError } from './reply.ts';
import { type Session, Sessions } from './sessions.ts';

export interface AccessOptions {
  /** The password's hash; undefined when no password is needed. */
  password: string | undefined;
  /** The address that people open when a proxy is in front. */
  url: URL | undefined;
  logger: Logger;
  onEnd: (session: Session) => void;
}

/** An authorised client. */
export interface Pass {
  /** Undefined without a password, and for a program that sends it with each request. */
  readonly session?: Session;
}

const everybody: Pass = {};
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Access control by one password, which a browser sends once for a session cookie, and a program with each request
 * (HTTP Basic, with any user name). All routes and the WebSocket use it.
 */
export class Access {
  readonly #check: PasswordCheck | undefined;
  readonly #attempts = new Attempts();
  readonly #sessions: Sessions;
  readonly #url: URL | undefined;
  readonly #logger: Logger;
  #port = 0;

  /** @throws InputError when the password's hash is invalid. */
  constructor({ password, url, logger, onEnd }: AccessOptions) {
    this.#check = password === undefined ? undefined : new PasswordCheck(password, 'console.password');
    this.#url = url;
    this.#logger = logger;
    this.#sessions = new Sessions(onEnd);
  }

  /** Whether there is a password. */
  get required(): boolean {
    return this.#check !== undefined;
  }

  /** Browsers share cookies between all ports of a host, so two nodes there need two names. */
  set port(port: number) {
    this.#port = port;
  }

  /**
   * @returns Undefined when nobody has logged in.
   * @throws HttpError 401, 429 or 503 for a password that is wrong or cannot be checked now; 403 for a browser that
   * changes something without an Origin.
   */
  async admit(request: IncomingMessage): Promise<Pass | undefined> {
    if (!this.#check) return everybody;
    const { authorization, origin, upgrade } = request.headers;
    if (authorization !== undefined) {
      const [, encoded] = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(authorization) ?? [];
      const login = Buffer.from(encoded ?? '', 'base64').toString();
      const colon = login.indexOf(':');
      if (colon < 0) throw new HttpError(401, 'expected Basic authorization, with any user name and the password');
      await this.#assertRight(request, login.slice(colon + 1));
      return everybody;
    }
    const id = this.#cookie(request);
    const session = id === undefined ? undefined : this.#sessions.use(id);
    if (!session) return undefined;
    const changes = !safeMethods.has(request.method ?? '') || upgrade !== undefined;
    if (changes && origin === undefined)
      throw new HttpError(403, 'expected an Origin header beside the session cookie');
    return { session };
  }

  /** @returns The cookie to set. @throws HttpError 401, 429 or 503 when the password is not right. */
  async logIn(request: IncomingMessage, password: string): Promise<string> {
    await this.#assertRight(request, password);
    return this.#setCookie(request, this.#sessions.begin(), Math.floor(this.#sessions.longestMs / 1000));
  }

  /** @returns The cookie to set. */
  logOut(request: IncomingMessage, { session }: Pass): string {
    if (session) this.#sessions.end(session);
    return this.#setCookie(request, '', 0);
  }

  /** Ends all sessions. */
  close(): void {
    this.#sessions.close();
  }

  async #assertRight(request: IncomingMessage, password: string): Promise<void> {
    const address = request.socket.remoteAddress ?? '';
    const seconds = this.#attempts.take(address);
    if (seconds > 0) {
      throw new HttpError(429, `too many wrong passwords: wait ${seconds} s`, { 'Retry-After': String(seconds) });
    }
    const verdict = await this.#check!.check(password);
    if (verdict !== 'wrong') this.#attempts.giveBack(address);
    if (verdict === 'busy')
      throw new HttpError(503, 'others are logging in at the moment: try again', { 'Retry-After': '2' });
    if (verdict === 'wrong') {
      this.#logger.warn(`page: a wrong password from ${address}`);
      throw new HttpError(401, 'the password is wrong');
    }
  }

  #cookie(request: IncomingMessage): string | undefined {
    const name = this.#cookieName(request);
    for (const pair of (request.headers.cookie ?? '').split(';')) {
      const [key, value] = pair.trim().split('=', 2);
      if (key === name) return value;
    }
    return undefined;
  }

  #setCookie(request: IncomingMessage, id: string, seconds: number): string {
    const secure = this.#isSecure(request) ? '; Secure' : '';
    return `${this.#cookieName(request)}=${id}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
  }

  #cookieName(request: IncomingMessage): string {
    return this.#isSecure(request) ? '__Host-ocellus' : `ocellus-${this.#port}`;
  }

  /** Whether the request came through a TLS proxy, by the requested host name: a proxy's headers can be forged. */
  #isSecure(request: IncomingMessage): boolean {
    return this.#url?.protocol === 'https:' && request.headers.host?.toLowerCase() === this.#url.host;
  }
}
