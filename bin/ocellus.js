#!/usr/bin/env -S MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=131072 node --max-semi-space-size=1 --optimize-for-size
// A small board's memory (docs/performance.md): one heap of malloc for all threads, from which large blocks are kept out and whose
// free end goes back to the system; a small nursery of V8, whose heap grows in small steps.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

// Code of the user's own, which registers something with the library (docs/devices.md), needs the library's modules to be
// those that run; otherwise the same code runs out of few files, which takes a fraction of the time to load.
const options = [process.env.NODE_OPTIONS ?? '', ...process.execArgv].join(' ');
const hasOwnCode = /(^|[\s'"])(-r|--(import|require|loader|experimental-loader))(?=[\s='"]|$)/.test(options);
const main = new URL(hasOwnCode ? '../dist/tools/cli/main.js' : '../dist/app/main.js', import.meta.url);
if (!existsSync(fileURLToPath(main))) {
  console.error('ocellus is not built yet in this checkout. Run: npm run build');
  process.exit(1);
}
// From Node 22.8 on: what V8 compiled is kept for the next start.
module.enableCompileCache?.();
try {
  await import(main.href);
} catch (error) {
  // Native kernels that were asked for by the environment and are not there are found while the program is read.
  console.error(error.name === 'InputError' ? `error ${error.message}` : error);
  process.exit(error.name === 'InputError' ? 2 : 1);
}
