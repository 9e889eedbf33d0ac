import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tree } from '../support/folders.ts';
import { ocellus } from './cli.ts';

const firstBoot = (card: string) =>
  ocellus([
    'first-boot',
    '--boot',
    join(card, 'boot'),
    '--settings',
    join(card, 'ocellus.yaml'),
    '--run',
    join(card, 'run'),
  ]);

describe('ocellus first-boot', () => {
  it('reads a card’s settings, and says which file it read', async () => {
    const card = tree({ 'boot/ocellus.toml': 'node = "porch"\n' });
    expect(await firstBoot(card)).toEqual({ code: 0, out: 'ocellus.toml was read\n', err: '' });
    expect(readFileSync(join(card, 'ocellus.yaml'), 'utf8')).toBe('node: porch\n');
    // Nothing new.
    expect(await firstBoot(card)).toEqual({ code: 0, out: '', err: '' });
  });

  it('ends with 2 for what is wrong, and prints the code of the page', async () => {
    const card = tree({ 'boot/ocellus.toml': 'node = porch\n' });
    const { code, out, err } = await firstBoot(card);
    expect(code).toBe(2);
    expect(err).toMatch(/^ocellus\.toml is not right:\n {2}line 1: .*quotes/);
    expect(out).toContain(readFileSync(join(card, 'run', 'code'), 'utf8').trim());
    expect(out).not.toContain('not right');
    expect(existsSync(join(card, 'ocellus.yaml'))).toBe(false);
  });
});
