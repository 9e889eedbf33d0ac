import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { floors } from '../../tools/floors/floors.mjs';

const pages = ['ARCHITECTURE.md', 'CONTRIBUTING.md'];
const top = /^(sdk|devices|tools|tests|docs|samples|schemas)\//;
const text = (page: string) => readFileSync(asset(page), 'utf8');
const inBackticks = (page: string) => [...text(page).matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!);

describe.each(pages)('%s', (page) => {
  it('names files and folders that are there', () => {
    const named = inBackticks(page).filter((name) => top.test(name));
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !existsSync(asset(name)))).toEqual([]);
  });

  it('names commands that there are', () => {
    const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };
    const commands = [...text(page).matchAll(/`npm (?:run )?([a-z:]+)/g)].map((match) => match[1]!);
    expect(commands.length).toBeGreaterThan(0);
    expect(commands.filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe('ARCHITECTURE.md', () => {
  it('has a recipe of at most ten lines for each thing that is added often', () => {
    const recipes = text('ARCHITECTURE.md')
      .split('\n### ')
      .slice(1)
      .map((recipe) =>
        recipe
          .trim()
          .split('\n')
          .filter((line) => line !== ''),
      );
    expect(recipes.map(([title]) => title)).toEqual(
      ['a decoder', 'a device', 'a command', 'a verb', 'a kernel', 'a head', 'an operator'].map(
        (thing) => `Add ${thing}`,
      ),
    );
    for (const [, ...lines] of recipes) expect(lines.length).toBeLessThanOrEqual(10);
  });

  it('has each folder of the sdk on its map', () => {
    const map = inBackticks('ARCHITECTURE.md');
    const folders = floors.flat().map((folder) => folder.split('/').slice(0, 2).join('/'));
    const sdk = [...new Set(folders)].filter((folder) => /^sdk\/./.test(folder));
    expect(sdk.length).toBeGreaterThan(10);
    expect(sdk.filter((folder) => !map.includes(folder))).toEqual([]);
  });
});
