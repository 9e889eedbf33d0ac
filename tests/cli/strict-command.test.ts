import type { Command, CommanderError } from 'commander';
import { beforeEach, describe, expect, it } from 'vitest';
import { StrictCommand } from '../../tools/cli/strict-command.ts';
import { wholeNumber } from '../../tools/cli/values.ts';

describe('StrictCommand', () => {
  let ran: unknown[];
  let program: Command;

  beforeEach(() => {
    ran = [];
    program = new StrictCommand('eye').exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
    program
      .command('run')
      .option('-s, --source <uri>', 'a camera')
      .option('--labels <list>', 'names, comma-separated')
      .option('--port <n>', 'a port', wholeNumber, 80)
      .option('--key <key...>', 'keys')
      .option('--json', 'lines')
      .action((options) => void ran.push(options));
    const models = program.command('models').option('--root <folder>', 'where');
    models
      .command('list', { isDefault: true })
      .option('--from <mirror>', 'a mirror')
      .action((options) => void ran.push(['list', options]));
    models
      .command('remove')
      .argument('<name>')
      .action((name) => void ran.push(['remove', name]));
  });

  const of = async (...args: string[]): Promise<string> =>
    program.parseAsync(args, { from: 'user' }).then(
      () => 'ran',
      (error: CommanderError) => error.message,
    );

  it.each([
    [
      ['--source', 'a:', '--source', 'b:'],
      /'-s, --source <uri>' is given twice, as 'a:' and 'b:'; .*docs\/cameras\.md$/,
    ],
    [['-s', 'a:', '--source=a:'], /given twice, as 'a:' and 'a:'/],
    [['--labels', 'cat', '--labels', 'dog'], /as 'cat' and 'dog'; separate several by commas$/],
    [['--port', '0', '--port', '1'], /'--port <n>' is given twice, as '0' and '1'; give one$/],
  ])('refuses the second value of an option that has one: %j', async (args, message) => {
    expect(await of('run', ...args)).toMatch(message);
    expect(ran).toEqual([]);
  });

  it('takes an option for several values, and a switch, as often as they are given', async () => {
    expect(await of('run', '--key', 'a', '--key', 'b', 'c', '--json', '--json', '--port', '1')).toBe('ran');
    expect(ran).toEqual([{ key: ['a', 'b', 'c'], json: true, port: 1 }]);
  });

  it.each([
    [['models', 'rmeove'], "error: unknown command 'rmeove': expected one of list, remove; did you mean remove?"],
    [['models', 'rm'], "error: unknown command 'rm': expected one of list, remove"],
    [['models', '--root', 'x', 'rm', 'a'], "error: unknown command 'rm': expected one of list, remove"],
    [['help', 'modls'], "error: unknown command 'modls': expected one of run, models; did you mean models?"],
    [['models', 'help', 'nope'], "error: unknown command 'nope': expected one of list, remove"],
  ])('says that there is no such command: %j', async (args, message) => {
    expect(await of(...args)).toBe(message);
    expect(ran).toEqual([]);
  });

  it('passes what is for the default command to it', async () => {
    expect(await of('models')).toBe('ran');
    expect(await of('models', '--from', 'there')).toBe('ran');
    expect(await of('models', 'remove', 'one')).toBe('ran');
    expect(ran).toEqual([
      ['list', {}],
      ['list', { from: 'there' }],
      ['remove', 'one'],
    ]);
    expect(await of('help', 'models')).toBe('(outputHelp)');
  });
});
