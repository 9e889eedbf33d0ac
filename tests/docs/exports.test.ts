import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asset, packageRoot } from '../../sdk/base/assets.ts';
import { Declarations } from '../support/declarations.ts';
import { plant, temporaryFolder } from '../support/folders.ts';

const { exports } = JSON.parse(readFileSync(asset('package.json'), 'utf8')) as {
  exports: Record<string, string | { types: string; default: string }>;
};
const entries = Object.values(exports).filter((entry) => typeof entry === 'object');

describe('the entry points of the package', () => {
  it('export each type that one of their signatures names', () => {
    const folder = temporaryFolder();
    const tsc = join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc');
    const emit = ['-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--noCheck', '--outDir', folder];
    execFileSync(process.execPath, [tsc, ...emit], { cwd: packageRoot });
    const declarations = new Declarations();
    const files = entries.map(({ types }) => join(folder, types.replace('./dist/', '')));
    const hidden = declarations.hiddenTypes(files);
    expect(hidden.map(({ usedBy, type, file }) => `${usedBy} names ${type} of ${file}`)).toEqual([]);
    // It has read them.
    expect(files.length).toBeGreaterThanOrEqual(6);
    for (const file of files) expect(declarations.exportsOf(file).size, file).toBeGreaterThan(15);
  });

  it('are files of their own name, and the first one is a page', () => {
    for (const { types, default: code } of entries) {
      expect(types).toBe(code.replace(/\.js$/, '.d.ts'));
      expect(existsSync(asset(code.replace('./dist/', '').replace(/\.js$/, '.ts'))), code).toBe(true);
    }
    const page = readFileSync(asset('sdk', 'index.ts'), 'utf8').trim().split('\n');
    expect(page.length).toBeLessThanOrEqual(100);
  });
});

describe('a type that cannot be imported is found', () => {
  /** What is hidden of `index.d.ts` of these files. */
  function hiddenIn(files: Record<string, string>): string[] {
    const folder = temporaryFolder();
    plant(folder, files);
    const hidden = new Declarations().hiddenTypes([join(folder, 'index.d.ts')]);
    return hidden.map(({ usedBy, type }) => `${usedBy}: ${type}`);
  }
  const a = 'interface Hidden { x: number }\nexport { type Hidden as Seen };';

  it.each<[string, string, string]>([
    ['a parameter', 'export declare function f(a: Hidden): void;', 'f: Hidden'],
    ['what is returned', 'export declare function f(): Promise<readonly Hidden[]>;', 'f: Hidden'],
    ['a member of a class', 'export declare class C { get a(): Hidden | undefined; }', 'C: Hidden'],
    ['what subclasses see', 'export declare class C { protected a: Hidden; }', 'C: Hidden'],
    ['a constructor', 'export declare class C { constructor(a?: Hidden); }', 'C: Hidden'],
    ['what a class extends', 'export declare class C extends Set<Hidden> {}', 'C: Hidden'],
    ['what an interface extends', 'export interface I extends Hidden {}', 'I: Hidden'],
    ['a bound', 'export type T<U extends Hidden> = U[];', 'T: Hidden'],
    ['a constant', 'export declare const c: { a: Hidden };', 'c: Hidden'],
    ['the type of a value', 'declare const v: { a: Hidden };\nexport type T = (typeof v)["a"];', 'T: Hidden'],
    ['an import in place', 'export type T = import("./a.js").Seen;', 'T: Hidden'],
  ])('%s', (_, text, expected) => {
    const index = `import { type Seen as Hidden } from './a.js';\n${text}`;
    expect(hiddenIn({ 'index.d.ts': index, 'a.d.ts': a })).toEqual([expected]);
    const exported = `${index}\nexport { type Seen } from './a.js';`;
    expect(hiddenIn({ 'index.d.ts': exported, 'a.d.ts': a })).toEqual([]);
  });

  it('and one in the same file that was only passed on', () => {
    const b = 'interface Hidden {}\nexport interface I { a: Hidden }';
    expect(hiddenIn({ 'index.d.ts': "export * from './b.js';", 'b.d.ts': b })).toEqual(['I: Hidden']);
  });

  it('but nothing of what nobody outside needs', () => {
    const index = `import { EventEmitter } from 'node:events';
      import { type Seen as Hidden } from './a.js';
      export declare class C<Hidden> extends EventEmitter { #x; private y; private z(a: Hidden): void; w: Hidden; }
      declare const other: Hidden;`;
    expect(hiddenIn({ 'index.d.ts': index, 'a.d.ts': a })).toEqual([]);
  });
});
