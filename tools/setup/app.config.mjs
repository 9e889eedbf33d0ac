// Bundles what `ocellus` runs into few files below dist/app: hundreds of small modules cost a board more time and memory at start
// than what they do. The other files of dist stay as they are compiled: they are the library.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const root = join(fileURLToPath(new URL('.', import.meta.url)), '..', '..');

/**
 * Packages in the bundle: without a connection to anything outside. Of those that have one, a repaired version is used as it is
 * installed. apache-arrow, hyparquet-writer, hyparquet-compressors and what they need are installed for development only: 12 MB, of which few commands
 * need 0.5.
 */
const bundled = {
  '@sinclair/typebox': ['license'],
  'apache-arrow': ['LICENSE.txt', 'NOTICE.txt'],
  commander: ['LICENSE'],
  flatbuffers: ['LICENSE'],
  fzstd: ['LICENSE'],
  hyparquet: ['LICENSE'],
  'hyparquet-compressors': ['LICENSE'],
  'hyparquet-writer': ['LICENSE'],
  hysnappy: ['LICENSE'],
  'json-with-bigint': ['LICENSE'],
  tslib: ['LICENSE.txt'],
  yaml: ['LICENSE'],
};

/** Their licences want to be with every copy. */
const licences = {
  name: 'licences',
  generateBundle() {
    const texts = Object.entries(bundled).map(([name, files]) =>
      [name, ...files.map((file) => readFileSync(join(root, 'node_modules', name, file), 'utf8').trim()), ''].join(
        '\n\n',
      ),
    );
    this.emitFile({ type: 'asset', fileName: 'licenses.txt', source: texts.join(`\n${'-'.repeat(80)}\n\n`) });
  },
};

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
  plugins: [inAscii, licences],
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
  ssr: { noExternal: Object.keys(bundled) },
});
