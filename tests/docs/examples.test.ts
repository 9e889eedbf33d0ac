import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../sdk/base/assets.ts';
import { temporaryFolder } from '../support/folders.ts';
import { entryPoints } from '../support/package.ts';

const docs = readdirSync(join(packageRoot, 'docs')).filter((name) => name.endsWith('.md'));

it('the TypeScript examples of the docs fit the public types', () => {
  const folder = temporaryFolder();
  const files: string[] = [];
  for (const doc of docs) {
    const text = readFileSync(join(packageRoot, 'docs', doc), 'utf8');
    [...text.matchAll(/^```ts\n(.*?)^```$/gms)].forEach(([, code], i) => {
      const file = join(folder, `${doc}-${i + 1}.ts`);
      writeFileSync(file, code!);
      files.push(file);
    });
  }
  expect(files.length).toBeGreaterThan(0);
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
