import { Backoff } from '../../base/backoff.ts';

/** A disk that does not work: what is wrong with it, whether that was said, and when it is tried again. */
export class DiskTrouble {
  readonly #backoff = new Backoff();
  #retry: NodeJS.Timeout | undefined;
  #isSaid = false;
  #damage: 'new' | 'repaired' | undefined;

  /** What the last attempts to read found. */
  get damage(): 'new' | 'repaired' | undefined {
    return this.#damage;
  }

  /** @param isDamage What is there cannot be read. @returns True when it is to be said. */
  add(isDamage: boolean): boolean {
    if (isDamage) this.#damage = this.#damage ? 'repaired' : 'new';
    const isNews = !this.#isSaid;
    this.#isSaid = true;
    return isNews;
  }

  retryLater(retry: () => void): void {
    this.stop();
    this.#retry = setTimeout(retry, this.#backoff.next()).unref();
  }

  /** It works. @returns True when it is to be said, for it did not before. */
  end(): boolean {
    const wasSaid = this.#isSaid;
    this.#backoff.reset();
    this.#damage = undefined;
    this.#isSaid = false;
    return wasSaid;
  }

  /** It is not tried again. */
  stop(): void {
    clearTimeout(this.#retry);
  }
}
