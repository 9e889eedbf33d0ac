// Bundles what `ocellus` runs into few files below dist/app: hundreds of small modules cost a board more time and memory at start
// than what they do. The other files of dist stay as they are compiled: they are the library.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const root = join(fileURLToPath(new URL('.', import.meta.url)), '..', '..');

/** One character beyond ASCII makes Node keep a whole file in two bytes a character, in each thread that loads it. */
const inAscii = {
  name: 'in-ascii',
  renderChunk(code) {
    return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  },
};

export default defineConfig({
  root,
  publicDir: false,
  logLevel: 'warn',
  plugins: [inAscii],
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'dist/app',
    emptyOutDir: true,
    rolldownOptions: {
      input: { main: join(root, 'tools/cli/main.ts'), worker: join(root, 'sdk/core/worker.ts') },
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: '[name]-[hash].js',
        comments: false,
      },
    },
  },
  // Without a connection to anything outside: a repaired version of those that have one is used without building again.
  ssr: { noExternal: ['@sinclair/typebox', 'commander', 'yaml'] },
});
