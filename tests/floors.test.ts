import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asset, packageRoot } from '../sdk/base/assets.ts';
import { arrowsBelow, arrowsOf, circles, emptyPlaces, wrongArrows } from '../tools/floors/arrows.mjs';
import { bounds, classesBelow, classesOf, largeClasses } from '../tools/floors/classes.mjs';
import { floors } from '../tools/floors/floors.mjs';
import { plant, temporaryFolder } from './support/folders.ts';

/** What is said of a file of this text. */
const said = (file: string, text: string) => wrongArrows(arrowsOf(file, text), floors);

describe('the floors', () => {
  it('are kept: each folder imports from floors below its own', () => {
    const arrows = arrowsBelow(packageRoot, ['sdk', 'devices', 'samples', 'tools']);
    expect(wrongArrows(arrows, floors)).toEqual([]);
    expect(circles(arrows)).toEqual([]);
    expect(emptyPlaces(packageRoot, floors)).toEqual([]);
    // It has looked.
    expect(arrows.length).toBeGreaterThan(2000);
  });

  it.each([
    "import { Model } from '../core/model.ts';",
    "import type { Model } from '../core/model.ts';",
    "import '../core/model.ts';",
    "export { Model } from '../core/model.ts';",
    "export * from '../core/model.ts';",
    "const { Model } = await import('../core/model.ts');",
    "type Model = import('../core/model.ts').Model;",
  ])('are seen in %s', (text) => {
    expect(said('sdk/frame/layout.ts', `// A line before.\n${text}\n`)).toEqual([
      'sdk/frame/layout.ts:2 imports ../core/model.ts: sdk/core is above sdk/frame, so sdk/core may import from sdk/frame but not the other way round',
    ]);
    expect(said('sdk/core/other.ts', text.replace('../core', '../frame'))).toEqual([]);
  });

  it('let no neighbours import from each other', () => {
    expect(said('devices/v4l2/find.ts', "import { a } from '../libcamera/find.ts';")).toEqual([
      'devices/v4l2/find.ts:1 imports ../libcamera/find.ts: devices/v4l2 and devices/libcamera are on one floor, so neither may import from the other',
    ]);
  });

  it('are told folder from folder within a folder', () => {
    expect(said('sdk/hub/extensions/extension.ts', "import { a } from './requests/requests.ts';")).toHaveLength(1);
    expect(said('sdk/hub/extensions/requests/requests.ts', "import { a } from '../extension.ts';")).toEqual([]);
    expect(said('tools/cli/main.ts', "import { a } from './commands/run.ts';")).toEqual([]);
    expect(said('tools/shared/run.ts', "import { a } from '../cli/commands/run.ts';")).toHaveLength(1);
  });

  it('take no folder that has none', () => {
    expect(said('sdk/attic/a.ts', "import { b } from '../base/log.ts';")).toEqual([
      'sdk/attic/a.ts:1 imports ../base/log.ts: sdk/attic has no floor yet, so it may import from no other folder',
    ]);
    expect(said('sdk/frame/frame.ts', "import { a } from '../../tests/support/until.ts';")).toEqual([
      'sdk/frame/frame.ts:1 imports ../../tests/support/until.ts: tests/support has no floor, so sdk/frame may not import from it',
    ]);
    expect(emptyPlaces(packageRoot, [['sdk/base', 'sdk/attic'], ['tools/cli/**']])).toEqual([
      'tools/floors/floors.mjs names sdk/attic, which is not there',
    ]);
  });

  it('have no files that import each other in a circle', () => {
    const arrows = [
      ...arrowsOf('sdk/base/a.ts', "import type { B } from './b.ts';"),
      ...arrowsOf('sdk/base/b.ts', "import './c.ts'; import './d.ts';"),
      ...arrowsOf('sdk/base/d.ts', "export * from './a.ts';"),
    ];
    expect(wrongArrows(arrows, floors)).toEqual([]);
    expect(circles(arrows)).toEqual([
      'sdk/base/a.ts -> sdk/base/b.ts -> sdk/base/d.ts -> sdk/base/a.ts: these files import each other in a circle',
    ]);
    expect(circles(arrows.slice(0, 3))).toEqual([]);
  });

  it('fail the check, which says where', () => {
    const root = temporaryFolder();
    for (const place of floors.flat()) mkdirSync(join(root, place.replace('/**', '')), { recursive: true });
    plant(root, { 'sdk/frame/a.ts': "export * from '../base/b.ts';", 'sdk/base/b.ts': 'export const b = 1;' });
    const check = () => spawnSync(process.execPath, [asset('tools', 'floors', 'main.mjs'), root], { encoding: 'utf8' });
    expect(check()).toMatchObject({ status: 0, stderr: expect.stringContaining('Floors: 1 imports') });
    writeFileSync(join(root, 'sdk/base/b.ts'), `export const b = 1;\nexport class B {\n${fields(13)}\n}\n`);
    expect(check()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('sdk/base/b.ts:2 B has 13 fields, of 12 at most'),
    });
    writeFileSync(join(root, 'sdk/base/b.ts'), "export * from '../frame/a.ts';");
    expect(check()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('sdk/base/b.ts:1 imports ../frame/a.ts'),
    });
  });
});

/** So many fields, a line each. */
const fields = (count: number) => Array.from({ length: count }, (_, i) => `  #f${i} = ${i};`).join('\n');

describe('classes', () => {
  const said = (text: string) => largeClasses(classesOf('sdk/base/a.ts', text));

  it('have one job each: none is longer than the bounds, or has more fields', () => {
    const classes = classesBelow(packageRoot, ['sdk', 'devices', 'samples', 'tools']);
    expect(largeClasses(classes)).toEqual([]);
    // It has counted: some are near the bounds.
    expect(classes.length).toBeGreaterThan(250);
    expect(Math.max(...classes.map((one) => one.fields))).toBe(bounds.fields);
    expect(Math.max(...classes.map(({ lines }) => lines))).toBeGreaterThan(200);
  });

  it('are told by name and line with what is too much', () => {
    expect(said(`class A {\n${fields(12)}\n}`)).toEqual([]);
    expect(said(`\nexport class A {\n${fields(13)}\n}`)).toEqual([
      'sdk/base/a.ts:2 A has 13 fields, of 12 at most: give one of its jobs a class of its own',
    ]);
    const long = (lines: number) => `const make = () => class {\n${'\n'.repeat(lines - 2)}};`;
    expect(said(long(300))).toEqual([]);
    expect(said(long(301))).toEqual([
      'sdk/base/a.ts:1 a class without a name has 301 lines, of 300 at most: give one of its jobs a class of its own',
    ]);
  });

  it.each([
    ['private and readonly ones', 'class A { #a = 1; private b: number; readonly c?: string; }', 3],
    [
      'what the constructor declares',
      'class A { constructor(readonly a: number, private b: number, c: number) {} }',
      2,
    ],
    ['accessors that are fields', 'class A { accessor a = 1; get b() { return 1; } }', 1],
    ['not what belongs to the class itself', 'class A { static a = 1; static { this.b = 1; } b() {} }', 0],
    ['not what is declared anew', 'class A extends B { declare a: number; abstract(): void {} }', 0],
    ['not methods that can be handed out', 'class A { readonly a = () => 1; #b = function () {}; }', 0],
    ['those of a class, not of one within it', 'class A { #a = 1; make() { return class { #b = 1; #c = 2; }; } }', 1],
  ])('have as fields %s', (_, text, count) => {
    expect(classesOf('a.ts', text).find(({ name }) => name === 'A')!.fields).toBe(count);
  });
});
