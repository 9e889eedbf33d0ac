import { createHash, randomBytes } from 'node:crypto';

export interface SessionLimits {
  /** Idle time after which a session ends. An open page uses it. Default one day. */
  idleMs?: number;
  /** Maximum lifetime of a session. Default 30 days. */
  longestMs?: number;
  /** Maximum number; beyond it the least recently used one ends. Default 64. */
  most?: number;
  /** Clock in ms; for tests. */
  now?: () => number;
}

/** A browser that is logged in. */
export interface Session {
  readonly begunAt: number;
  usedAt: number;
  /** Its open pages. */
  pages: number;
}

const dayMs = 24 * 60 * 60 * 1000;
const sweepMs = 10_000;

/**
 * The sessions of browsers, in memory: a restart ends them all. Only hashes of ids are kept, so a leak of this memory
 * opens nothing.
 */
export class Sessions {
  readonly #limits: Required<SessionLimits>;
  readonly #onEnd: (session: Session) => void;
  /** By the hash of their id, least recently used first. */
  readonly #sessions = new Map<string, Session>();
  #timer: NodeJS.Timeout | undefined;

  /** @param onEnd Called once for each session that ends, for whatever reason. */
  constructor(onEnd: (session: Session) => void, limits: SessionLimits = {}) {
    this.#onEnd = onEnd;
    this.#limits = { idleMs: dayMs, longestMs: 30 * dayMs, most: 64, now: () => performance.now(), ...limits };
  }

  get size(): number {
    return this.#sessions.size;
  }

  get longestMs(): number {
    return this.#limits.longestMs;
  }

  /** @returns The id, which is not stored. */
  begin(): string {
    const now = this.#limits.now();
    const id = randomBytes(32).toString('base64url');
    this.#sessions.set(keyOf(id), { begunAt: now, usedAt: now, pages: 0 });
    if (this.#sessions.size > this.#limits.most) this.#end(this.#sessions.keys().next().value!);
    this.#timer ??= setInterval(() => this.sweep(), sweepMs).unref();
    return id;
  }

  /** Returns the session of this id, and marks it as used. */
  use(id: string): Session | undefined {
    const key = keyOf(id);
    const session = this.#sessions.get(key);
    if (!session) return undefined;
    if (this.#isOver(session)) {
      this.#end(key);
      return undefined;
    }
    session.usedAt = this.#limits.now();
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    return session;
  }

  end(session: Session): void {
    for (const [key, one] of this.#sessions) if (one === session) this.#end(key);
  }

  /** Ends expired sessions. */
  sweep(): void {
    for (const [key, session] of this.#sessions) {
      if (session.pages > 0) session.usedAt = this.#limits.now();
      if (this.#isOver(session)) this.#end(key);
    }
  }

  close(): void {
    for (const key of [...this.#sessions.keys()]) this.#end(key);
  }

  #isOver({ begunAt, usedAt }: Session): boolean {
    const { idleMs, longestMs, now } = this.#limits;
    return now() - usedAt > idleMs || now() - begunAt > longestMs;
  }

  #end(key: string): void {
    const session = this.#sessions.get(key)!;
    this.#sessions.delete(key);
    if (this.#sessions.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    this.#onEnd(session);
  }
}

const keyOf = (id: string) => createHash('sha256').update(id).digest('base64');
