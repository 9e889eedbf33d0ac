import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasOpenCv } from '../../sdk/opencv/load.ts';
import { ocellus, photo } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'ocellus-engine-'));
beforeAll(() => {
  copyFileSync(photo('cat.jpg'), join(folder, 'cat.jpg'));
  writeFileSync(join(folder, 'cat.txt'), '');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(hasOpenCv())('--engine opencv, where it is not built (needs a machine without it)', () => {
  it.each([
    ['detect', [photo('cat.jpg')]],
    ['classify', [photo('cat.jpg')]],
    ['watch', ['scene:']],
    ['eval', [folder]],
    ['teach', ['--store', join(folder, 'store'), '--label', 'cat', photo('cat.jpg')]],
  ])('%s says what to install, and takes no other engine in its place', async (command, args) => {
    const { code, out, err } = await ocellus([command, '--engine', 'opencv', ...args]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^error OpenCV is not installed: /);
  });
});
