import { chmodSync, existsSync, lstatSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { prune, settle, walk } from '../../tools/pack/walk.ts';
import { tree } from '../support/folders.ts';

it('a folder is walked in the order of bytes, itself before what is in it', () => {
  const folder = tree({ 'b/x': '', 'b/B': '', a: '', 'b-c': '', é: '' });
  expect([...walk(folder)].map(({ path }) => path)).toEqual(['a', 'b', 'b/B', 'b/x', 'b-c', 'é']);
});

it('what is pruned takes folders along that are empty then', () => {
  const folder = tree({ 'a/b/c.map': '', 'a/d.js': '', 'e/f.map': '' });
  prune(folder, (path) => path.endsWith('.map'));
  expect([...walk(folder)].map(({ path }) => path)).toEqual(['a', 'a/d.js']);
  expect(existsSync(join(folder, 'e'))).toBe(false);
});

it('all has the same time and the usual modes, links too, whose targets are left alone', () => {
  const outside = tree({ file: '' });
  chmodSync(join(outside, 'file'), 0o600);
  const folder = tree({ run: '', 'a/read': '' });
  chmodSync(join(folder, 'run'), 0o700);
  chmodSync(join(folder, 'a', 'read'), 0o666);
  mkdirSync(join(folder, 'empty'), { mode: 0o700 });
  symlinkSync(join(outside, 'file'), join(folder, 'link'));
  settle(folder, 1_700_000_000);
  const seen = ['', 'run', 'a', 'a/read', 'empty', 'link'].map((path) => lstatSync(join(folder, path)));
  expect(seen.map(({ mtimeMs }) => mtimeMs)).toEqual(Array(6).fill(1_700_000_000_000));
  expect(seen.slice(0, 5).map(({ mode }) => mode & 0o777)).toEqual([0o755, 0o755, 0o755, 0o644, 0o755]);
  const target = lstatSync(join(outside, 'file'));
  expect(target.mode & 0o777).toBe(0o600);
  expect(target.mtimeMs).not.toBe(1_700_000_000_000);
});
