import { afterEach, expect, it, vi } from 'vitest';
import { fetchEventDays, fetchExamples, renameCamera } from '../../../tools/console/web/src/api.ts';

afterEach(() => vi.unstubAllGlobals());

it.each([
  { name: 'what reads', call: () => fetchEventDays() },
  { name: 'what reads with a query', call: () => fetchExamples({ head: 'object', label: 'cat' }) },
  { name: 'what changes', call: () => renameCamera('door', 'gate') },
])('$name says that nobody answers, not what the browser calls it', async ({ call }) => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  await expect(call()).rejects.toThrow('Ocellus does not answer. Is it running?');
});
