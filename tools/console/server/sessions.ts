import { createHash, randomBytes } from 'node:crypto';

export interface SessionLimits {
  /** Unused so long, a session ends. A page that is open uses it. Default a day. */
  idleMs?: number;
  /** However it is used, it ends then. Default 30 days. */
  longestMs?: number;
  /** More end the one that was not used for longest. Default 64. */
  most?: number;
  /** Clock in ms; for tests. */
  now?: () => number;
}

/** One browser that has logged in. */
export interface Session {
  readonly begunAt: number;
  usedAt: number;
  /** Pages that are open with it. */
  pages: number;
}

const dayMs = 24 * 60 * 60 * 1000;
const sweepMs = 10_000;

/**
 * The browsers that have logged in, in memory: a restart ends all sessions. Only the hash of an id is kept, so what is
 * read out of this memory opens nothing.
 */
export class Sessions {
  readonly #limits: Required<SessionLimits>;
  readonly #onEnd: (session: Session) => void;
  /** By the hash of their id, the one that was used last at the end. */
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

  /** @returns The id, which nobody else is told. */
  begin(): string {
    const now = this.#limits.now();
    const id = randomBytes(32).toString('base64url');
    this.#sessions.set(keyOf(id), { begunAt: now, usedAt: now, pages: 0 });
    if (this.#sessions.size > this.#limits.most) this.#end(this.#sessions.keys().next().value!);
    this.#timer ??= setInterval(() => this.sweep(), sweepMs).unref();
    return id;
  }

  /** The session of this id, which is in use with that. */
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

  /** Ends those whose time is over. */
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
