import type { Command } from 'commander';
import { commands } from '../cli/command-table.ts';
import { StrictCommand } from '../cli/strict-command.ts';

/** `docs/commands.md`: what `--help` prints for each command, so that all options can be read and searched in one place. */
export async function commandsPage(): Promise<string> {
  const program = new StrictCommand('ocellus').configureHelp({ showGlobalOptions: false });
  for (const load of Object.values(commands)) (await load())(program);
  const all = allBelow(program);
  const list = all.map(([name]) => `[\`${name}\`](#${`ocellus ${name}`.replaceAll(' ', '-')})`).join(', ');
  const sections = all.map(([name, command]) => `## ocellus ${name}\n\n\`\`\`\n${helpOf(command)}\n\`\`\``);
  return `# All commands

${list}

This page is what \`--help\` says, made from the commands (\`npm run docs\`).

${sections.join('\n\n')}
`;
}

/** Each with its name as one types it. */
function allBelow(parent: Command, path = ''): [name: string, command: Command][] {
  return parent.commands.flatMap((command) => {
    const name = `${path}${command.name()}`;
    return [[name, command] as [string, Command], ...allBelow(command, `${name} `)];
  });
}

/** What `--help` prints, with what is added after the options. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (more) => (text += more),
    getOutHelpWidth: () => 110,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trimEnd();
}
