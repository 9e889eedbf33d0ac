import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { type AppTree, appTree, installAppTree } from '../../../tools/pack/app-tree.ts';
import { parseArchitecture } from '../../../tools/pack/platform.ts';
import { walk } from '../../../tools/pack/walk.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';

const needed = ['npm', 'cmake', 'g++'];
const possible = process.platform === 'linux' && needed.every(hasProgram);

/** Of paths, contents, modes and times. */
function digestOf(folder: string): string {
  const hash = createHash('sha256');
  for (const { path, entry } of walk(folder)) {
    const { mode, mtimeMs } = lstatSync(join(folder, path));
    hash.update(`${path} ${mode} ${mtimeMs}\n`);
    if (entry.isFile()) hash.update(readFileSync(join(folder, path)));
  }
  return hash.digest('hex');
}

describe.skipIf(!possible)(`the installed tree (needs ${needed.join(', ')})`, () => {
  const arch = parseArchitecture(process.arch);
  let root: string;
  let tree: AppTree;

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'ocellus-tree-'));
    tree = installAppTree(root, { arch, date: 1_700_000_000 });
  });

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('is the same when it is made again', () => {
    const again = join(temporaryFolder(), 'again');
    const second = appTree({ arch, to: again, date: 1_700_000_000 });
    expect(digestOf(again)).toBe(digestOf(tree.folder));
    expect({ ...second, folder: '' }).toEqual({ ...tree, folder: '' });
  });

  it('detects, in the native kernels, by its command in /usr/bin', () => {
    const command = join(root, 'usr', 'bin', 'ocellus');
    expect(readlinkSync(command)).toBe('../lib/ocellus/bin/ocellus.js');
    const photo = asset('devices', 'scene', 'photos', 'cat.jpg');
    const env = { ...process.env, HOME: temporaryFolder() };
    const out = execFileSync(command, ['detect', photo, '--json', '--engine', 'native'], { encoding: 'utf8', env });
    expect(JSON.parse(out).detections).toMatchObject([{ label: 'cat' }]);
  });

  it('goes nowhere else than where nothing is', () => {
    expect(() => appTree({ arch, to: tree.folder })).toThrow('which holds something');
  });
});
