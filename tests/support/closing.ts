import { afterEach } from 'vitest';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Closes it after the test, the newest first. */
export function closing<T>(thing: T, close: (thing: T) => Promise<unknown>): T {
  closers.push(() => close(thing));
  return thing;
}
