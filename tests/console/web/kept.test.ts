import { afterEach, beforeEach, expect, it, vi } from 'vitest';

const stored = new Map<string, string>();
beforeEach(() => {
  vi.resetModules();
  stored.clear();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** As after a reload: nothing is in memory. */
const visit = () => {
  vi.resetModules();
  return import('../../../tools/console/web/src/kept.ts');
};
const storing = {
  getItem: (key: string) => stored.get(key) ?? null,
  setItem: (key: string, text: string) => stored.set(key, text),
};
const refuse = () => {
  throw new DOMException('Access is denied for this document.', 'SecurityError');
};

it('what is kept is there after a reload', async () => {
  vi.stubGlobal('sessionStorage', storing);
  (await visit()).keep('draft', { points: [1, 2] });
  expect((await visit()).kept('draft')).toEqual({ points: [1, 2] });
  expect((await visit()).kept('other')).toBeUndefined();
});

it('a browser that lets pages store nothing keeps it until the reload', async () => {
  Object.defineProperty(globalThis, 'sessionStorage', { configurable: true, get: refuse });
  try {
    const { keep, kept } = await visit();
    expect(kept('draft')).toBeUndefined();
    keep('draft', [1]);
    expect(kept('draft')).toEqual([1]);
  } finally {
    Reflect.deleteProperty(globalThis, 'sessionStorage');
  }
});

it('what is full or damaged loses nothing of this visit', async () => {
  vi.stubGlobal('sessionStorage', { ...storing, setItem: refuse });
  stored.set('draft', '{');
  const { keep, kept } = await visit();
  expect(kept('draft')).toBeUndefined();
  keep('draft', [2]);
  expect(kept('draft')).toEqual([2]);
});
