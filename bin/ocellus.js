#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node --max-semi-space-size=2
// A small board's memory: one heap of malloc for all threads and a small nursery of V8 save 50 MB, at no cost in time
// that could be measured (docs/performance.md).
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/tools/cli/main.js', import.meta.url);
if (!existsSync(fileURLToPath(main))) {
  console.error('ocellus is not built yet in this checkout. Run: npm run build');
  process.exit(1);
}
try {
  await import(main.href);
} catch (error) {
  // Native kernels that were asked for by the environment and are not there are found while the program is read.
  console.error(error.name === 'InputError' ? `error ${error.message}` : error);
  process.exit(error.name === 'InputError' ? 2 : 1);
}
