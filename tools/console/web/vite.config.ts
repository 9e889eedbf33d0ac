import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: here('../../../dist/console'),
    emptyOutDir: true,
    // Users of a Pi have browsers of recent years.
    target: 'es2022',
    // No data: addresses, which the content security policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The live page, and the one that asks a new board's owner for its settings.
    rolldownOptions: { input: [here('index.html'), here('setup.html')] },
  },
});
