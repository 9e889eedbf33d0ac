import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { temporaryFolder } from '../support/folders.ts';

const compiled = asset('dist', 'sdk', 'opencv-bindings', 'load.js');

/** What a copy of this package says that lies elsewhere, beside these files. */
function loadWith(files: Readonly<Record<string, string>>): string {
  const project = temporaryFolder();
  const copy = join(project, 'node_modules', 'ocellus');
  for (const file of [join('base', 'assets.js'), join('base', 'errors.js'), join('opencv-bindings', 'load.js')]) {
    cpSync(asset('dist', 'sdk', file), join(copy, 'dist', 'sdk', file));
  }
  cpSync(asset('package.json'), join(copy, 'package.json'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(project, 'node_modules', path, '..'), { recursive: true });
    writeFileSync(join(project, 'node_modules', path), text);
  }
  const load = JSON.stringify(pathToFileURL(join(copy, 'dist', 'sdk', 'opencv-bindings', 'load.js')).href);
  const program = `const { hasOpenCv, loadOpenCv } = await import(${load});
    try { console.log(hasOpenCv(), loadOpenCv().version); } catch (error) { console.log(hasOpenCv(), error.name, error.message); }`;
  const args = ['--input-type=module', '-e', program];
  return spawnSync(process.execPath, args, { cwd: project, encoding: 'utf8' }).stdout.trim();
}

const entry = '@u4/opencv4nodejs/cjs/lib/opencv4nodejs.js';
const native = '@u4/opencv4nodejs/build/Release/opencv4nodejs.node';
const bindings = {
  '@u4/opencv4nodejs/package.json': JSON.stringify({ name: '@u4/opencv4nodejs', main: './cjs/lib/opencv4nodejs.js' }),
  '@u4/opencv-build/index.js': 'exports.Log = { silence: false };',
  [entry]: "if (!require('@u4/opencv-build').Log.silence) console.log('noise'); exports.version = 'fake';",
};

describe.skipIf(!existsSync(compiled))('loadOpenCv (needs dist)', () => {
  it('says how to install what is not there: in a project, and in a checkout', () => {
    expect(loadWith({})).toBe(
      'false InputError the bindings of OpenCV (@u4/opencv4nodejs) are not installed: sudo apt-get install libopencv-dev, then npm install --ignore-scripts @u4/opencv4nodejs and npx ocellus-opencv',
    );
    expect(loadWith({ 'ocellus/tools/setup/opencv/package.json': '{}' })).toBe(
      'false InputError the bindings of OpenCV (@u4/opencv4nodejs) are not installed: sudo apt-get install libopencv-dev, then npm run opencv',
    );
  });

  it('says so when it is installed, but not built', () => {
    expect(loadWith(bindings)).toMatch(/^false InputError @u4\/opencv4nodejs is there, but not built: sudo apt-get/);
  });

  it('takes the project’s own, and keeps what it prints from standard output', () => {
    expect(loadWith({ ...bindings, [native]: '' })).toBe('true fake');
  });

  it('takes a checkout’s own', () => {
    const moved = Object.fromEntries(
      Object.entries({ ...bindings, [native]: '' }).map(([path, text]) => [
        `ocellus/build/opencv/node_modules/${path}`,
        text,
      ]),
    );
    expect(loadWith(moved)).toBe('true fake');
  });

  it('says to build again what does not fit this system any more', () => {
    const broken = { ...bindings, [native]: '', [entry]: "throw new Error('libopencv_core.so.406: cannot open');" };
    expect(loadWith(broken)).toMatch(
      /^true InputError @u4\/opencv4nodejs cannot be loaded \(libopencv_core.so.406: cannot open\); build it again: /,
    );
  });
});
