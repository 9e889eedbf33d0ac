import { Command, type HelpContext, type Option } from 'commander';
import { nearestNames } from '../../sdk/base/nearest-names.ts';

/** What else to do, by the name of an option, than to give it twice. */
const advice: Readonly<Record<string, string>> = {
  source: 'several cameras belong into a settings file: docs/cameras.md',
};

/**
 * A command that takes nothing without a word: an option with one value that is given twice is refused, of which Commander keeps the last
 * one, and so is the name of a command that there is not, where Commander shows the help or passes it to the default command. Its own
 * commands are of this kind too. Options that may be repeated are variadic (`<key...>`).
 */
export class StrictCommand extends Command {
  constructor(name?: string) {
    super(name);
    this.hook('preSubcommand', () => this.#assertCommand(this.args[0]));
  }

  override createCommand(name?: string): Command {
    return new StrictCommand(name);
  }

  override addOption(option: Option): this {
    super.addOption(option);
    if ((option.required || option.optional) && !option.variadic) this.#takeOnce(option);
    return this;
  }

  /** Also what is shown for `help NAME` where there is no such command. */
  override help(context?: HelpContext | ((text: string) => string)): never {
    if (typeof context === 'function') return super.help(context);
    if (context?.error && this.args[0] === 'help') this.#assertCommand(this.args[1]);
    return super.help(context);
  }

  #takeOnce(option: Option): void {
    let first: unknown;
    this.on(`option:${option.name()}`, (value: unknown) => {
      if (first === undefined) {
        first = value;
        return;
      }
      const what =
        advice[option.name()] ?? (/comma/.test(option.description) ? 'separate several by commas' : 'give one');
      this.error(`error: option '${option.flags}' is given twice, as '${first}' and '${value}'; ${what}`);
    });
  }

  /** The name comes first, if there is one: options of the default command may be in its place. */
  #assertCommand(name: string | undefined): void {
    if (name === undefined || name.startsWith('-')) return;
    const known = this.commands.flatMap((command) => [command.name(), ...command.aliases()]);
    if (name === 'help' || known.includes(name)) return;
    const near = nearestNames(name, known);
    const hint = near.length > 0 ? `; did you mean ${near.join(', ')}?` : '';
    this.error(`error: unknown command '${name}': expected one of ${known.join(', ')}${hint}`);
  }
}
