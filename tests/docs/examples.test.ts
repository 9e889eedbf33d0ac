import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../sdk/base/assets.ts';
import { temporaryFolder } from '../support/folders.ts';
import { entryPoints } from '../support/package.ts';

const docs = readdirSync(join(packageRoot, 'docs')).filter((name) => name.endsWith('.md'));
const pages = ['README.md', ...docs.map((name) => join('docs', name))];

it('the TypeScript examples of the README and the docs fit the public types', () => {
  const folder = temporaryFolder();
  const files: string[] = [];
  for (const page of pages) {
    const text = readFileSync(join(packageRoot, page), 'utf8');
    [...text.matchAll(/^```ts\n(.*?)^```$/gms)].forEach(([, code], i) => {
      const file = join(folder, `${basename(page)}-${i + 1}.ts`);
      writeFileSync(file, code!);
      files.push(file);
    });
  }
  expect(files.filter((file) => file.includes('README.md')).length).toBeGreaterThan(1);
  expect(files.length).toBeGreaterThan(10);
  const tsconfig = {
    extends: join(packageRoot, 'tsconfig.json'),
    compilerOptions: {
      noEmit: true,
      declaration: false,
      rootDir: '/',
      paths: Object.fromEntries([...entryPoints()].map(([name, source]) => [name, [source]])),
    },
    include: [],
    files,
  };
  // With the packages that someone who installs Ocellus has as well.
  symlinkSync(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
  const tsc = join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc');
  let said = '';
  try {
    execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  } catch (error) {
    said = (error as { stdout: string }).stdout;
  }
  expect(said).toBe('');
});
