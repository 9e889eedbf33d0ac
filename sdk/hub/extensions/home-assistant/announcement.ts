import type { Component } from './component.ts';

/** How many removed components are remembered; newer ones replace the oldest. */
const maxGone = 500;

/**
 * The discovery message of one device, over time. Home Assistant keeps a component that a message leaves out, until one
 * has its platform alone. So what is gone stays in the retained message as that: a Home Assistant whose connection was
 * away reads it when it comes back. When Home Assistant has told its birth, it is left out.
 */
export class Announcement {
  /** Platforms by key of all that Home Assistant may know. */
  readonly #told = new Map<string, string>();
  /** What the last message took back. */
  #gone: string[] = [];
  #leftOut = 0;
  #last: string | undefined;

  /**
   * What lies at the broker; anything but a discovery message is passed over.
   *
   * @returns Whether there is anything that was not known: at each connection but the first it is the last message.
   */
  found(payload: Buffer): boolean {
    const text = payload.toString();
    if (text === this.#last) return false;
    const news = platformsOf(text).filter(([key]) => !this.#told.has(key));
    for (const [key, platform] of news) this.#told.set(key, platform);
    return news.length > 0;
  }

  /** What `found()` needs to know in another run. */
  get remembered(): string {
    return JSON.stringify({ cmps: Object.fromEntries([...this.#told].map(([key, p]) => [key, { p }])) });
  }

  /** Components for which the last message had no room. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** Home Assistant was there and has read what the last message took back. */
  settle(): void {
    for (const key of this.#gone) this.#told.delete(key);
    this.#gone = [];
  }

  /** @param maxBytes The largest message the broker takes; what does not fit is left out, the highest ranks first. */
  message(head: object, components: readonly Component[], maxBytes: number): string {
    const wanted = new Set(components.map(({ key }) => key));
    const cmps: string[] = [];
    const around = JSON.stringify({ ...head, cmps: {} });
    let bytes = Buffer.byteLength(around);
    const add = (key: string, config: object): boolean => {
      const name = JSON.stringify(key);
      const { text, bytes: own } = jsonOf(config);
      // With what stands around it.
      const size = Buffer.byteLength(name) + own + 3;
      if (bytes + size > maxBytes) return false;
      bytes += size;
      cmps.push(`${name}:${text}`);
      return true;
    };
    this.#gone = [];
    const takeBack = (key: string) => {
      if (add(key, { p: this.#told.get(key) })) this.#gone.push(key);
    };
    this.#forgetOldest(wanted);
    for (const key of this.#told.keys()) if (!wanted.has(key)) takeBack(key);
    this.#leftOut = 0;
    for (const { key, config } of [...components].sort((a, b) => a.rank - b.rank)) {
      if (this.#leftOut === 0 && add(key, config)) {
        this.#told.set(key, config.p);
        continue;
      }
      this.#leftOut++;
      if (this.#told.has(key)) takeBack(key);
    }
    // `}}` closes it.
    this.#last = `${around.slice(0, -2)}${cmps.join(',')}}}`;
    return this.#last;
  }

  #forgetOldest(wanted: ReadonlySet<string>): void {
    const gone = [...this.#told.keys()].filter((key) => !wanted.has(key));
    for (const key of gone.slice(0, Math.max(0, gone.length - maxGone))) this.#told.delete(key);
  }
}

interface Json {
  readonly text: string;
  readonly bytes: number;
}

/** A message has some seventy components, of which one changes. */
const known = new WeakMap<object, Json>();

function jsonOf(config: object): Json {
  let json = known.get(config);
  if (!json) {
    const text = JSON.stringify(config);
    json = { text, bytes: Buffer.byteLength(text) };
    known.set(config, json);
  }
  return json;
}

function platformsOf(text: string): [key: string, platform: string][] {
  try {
    const { cmps } = JSON.parse(text) as { cmps?: Record<string, { p?: unknown }> };
    return Object.entries(cmps ?? {}).flatMap(([key, { p }]): [string, string][] =>
      typeof p === 'string' ? [[key, p]] : [],
    );
  } catch {
    return [];
  }
}
