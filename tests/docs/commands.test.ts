import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { asset, packageRoot } from '../../sdk/base/assets.ts';
import { onnxruntimeMissing } from '../../sdk/core/engines/onnxruntime-package.ts';
import { howToInstallOpenCv } from '../../sdk/opencv-bindings/load.ts';
import { commands as commandTable } from '../../tools/cli/command-table.ts';
import { commandsPage } from '../../tools/docs/commands.ts';

const docs = readdirSync(asset('docs')).filter((name) => name.endsWith('.md'));
const names = ['README.md', 'SECURITY.md', 'samples/README.md', ...docs.map((name) => join('docs', name))];
const pages = new Map(names.map((name) => [name, readFileSync(join(packageRoot, name), 'utf8')]));

async function commandsOf(): Promise<Map<string, Command>> {
  const program = new Command();
  for (const load of Object.values(commandTable)) (await load())(program);
  const found = new Map<string, Command>();
  const collect = (parent: Command, path: string) => {
    for (const command of parent.commands) {
      const name = `${path}${command.name()}`;
      found.set(name, command);
      collect(command, `${name} `);
    }
  };
  collect(program, '');
  return found;
}

const optionsOf = (command: Command) => command.options.map(({ long }) => long!);

/** The commands that the pages print, in blocks and in the text, each as far as the line or the code goes. */
function printed(text: string): string[] {
  const joined = text.replaceAll(/\\\n\s*/g, ' ');
  return [...joined.matchAll(/(?<![\w/.-])ocellus ([^`\n|#>;]+)/g)].map(([, rest]) => rest!.trim());
}

it('lists all commands with all their options on one page', async () => {
  const page = readFileSync(asset('docs', 'commands.md'), 'utf8');
  expect(page, 'docs/commands.md is stale: run npm run docs').toBe(await commandsPage());
  const commands = await commandsOf();
  expect(commands.size).toBeGreaterThan(30);
  for (const [name, command] of commands) {
    const section = page.split(/^## /m).find((text) => text.startsWith(`ocellus ${name}\n`)) ?? '';
    for (const { long, hidden } of command.options) if (!hidden) expect(section, `ocellus ${name}`).toContain(long);
  }
});

it('the options that the docs print for a command are its own', async () => {
  const commands = await commandsOf();
  const foreign: string[] = [];
  let options = 0;
  for (const [page, text] of pages) {
    for (const line of printed(text)) {
      const [first = '', second = ''] = line.split(' ');
      const name = commands.has(`${first} ${second}`) ? `${first} ${second}` : first;
      const command = commands.get(name);
      if (!command) continue;
      for (const [, option] of line.matchAll(/(?<!\S)(--[a-z0-9-]+)/g)) {
        options++;
        if (option !== '--help' && !optionsOf(command).includes(option!))
          foreign.push(`${page}: ocellus ${name} ${option}`);
      }
    }
  }
  expect(options).toBeGreaterThan(80);
  expect(foreign).toEqual([]);
});

it('packages whose install scripts fetch or compile are installed without them, wherever it is said how', () => {
  const { allowScripts } = JSON.parse(readFileSync(asset('package.json'), 'utf8')) as {
    allowScripts: Record<string, boolean>;
  };
  // OpenCV's bindings are compiled by `ocellus-opencv`, which knows where OpenCV is.
  const without = [...Object.keys(allowScripts).filter((name) => !allowScripts[name]), '@u4/opencv4nodejs'];
  const texts = [...pages.values(), onnxruntimeMissing, howToInstallOpenCv];
  const installs = texts.flatMap((text) =>
    [...text.matchAll(/npm (?:install|i) [^`\n,#(]*/g)]
      .map(([line]) => line)
      .filter((line) => without.some((name) => line.includes(name))),
  );
  expect(installs.length).toBeGreaterThan(2);
  expect(installs.filter((line) => !line.includes('--ignore-scripts'))).toEqual([]);
});
