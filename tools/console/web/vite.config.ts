import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = dirname(fileURLToPath(import.meta.url));

export default defineConfig({
  root: here,
  base: './',
  build: {
    outDir: process.env.OCELLUS_PAGE_DIR ?? join(here, '..', '..', '..', 'dist', 'console'),
    emptyOutDir: true,
    // One small page: nothing to preload, no picture in a URL.
    modulePreload: false,
    assetsInlineLimit: 0,
  },
});
