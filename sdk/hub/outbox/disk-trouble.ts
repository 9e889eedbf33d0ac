import { Backoff } from '../../base/backoff.ts';

/** A failing disk: what is wrong with it, whether that was logged, and when it is retried. */
export class DiskTrouble {
  readonly #backoff = new Backoff();
  #retry: NodeJS.Timeout | undefined;
  #isSaid = false;
  #damage: 'new' | 'repaired' | undefined;

  /** The result of the last attempts to read. */
  get damage(): 'new' | 'repaired' | undefined {
    return this.#damage;
  }

  /** @param isDamage The content cannot be read. @returns True when this is to be logged. */
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

  /** It works. @returns True when this is to be logged, because it did not work before. */
  end(): boolean {
    const wasSaid = this.#isSaid;
    this.#backoff.reset();
    this.#damage = undefined;
    this.#isSaid = false;
    return wasSaid;
  }

  /** It is not retried any more. */
  stop(): void {
    clearTimeout(this.#retry);
  }
}
