#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/tools/cli/main.js', import.meta.url);
if (!existsSync(fileURLToPath(main))) {
  console.error('ocellus is not built yet in this checkout. Run: npm run build');
  process.exit(1);
}
await import(main.href);
