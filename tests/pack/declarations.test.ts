import { expect, it } from 'vitest';
import { reachableDeclarations } from '../../tools/pack/declarations.ts';
import { plant, temporaryFolder } from '../support/folders.ts';

it('finds what entry points come to, however it is imported, and nothing else', () => {
  const folder = temporaryFolder();
  plant(folder, {
    'dist/index.d.ts': `export { One } from './one.js';\nexport type { Two } from "./two/two.ts";\n`,
    'dist/one.d.ts': `import './globals.js';\nexport declare const One: import('./three.js').Three;\nimport { Type } from '@else/where';\n`,
    'dist/two/two.d.ts': `import type { One } from '../one.js';\nexport interface Two { one: One }\n`,
    'dist/three.d.ts': 'export interface Three {}\n',
    'dist/globals.d.ts': 'declare global {}\nexport {};\n',
    'dist/alone.d.ts': `export * from './one.js';\n`,
    'dist/more.d.ts': 'export {};\n',
  });
  const exports = {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './more': { types: './dist/more.d.ts' },
    './schemas/*': './schemas/*',
  };
  expect([...reachableDeclarations(folder, exports)].sort()).toEqual([
    'dist/globals.d.ts',
    'dist/index.d.ts',
    'dist/more.d.ts',
    'dist/one.d.ts',
    'dist/three.d.ts',
    'dist/two/two.d.ts',
  ]);
});
