import { type Command, Option } from 'commander';
import { type EngineName, engineNames } from '../../sdk/config/schema.ts';

import { threads } from './values.ts';

/** Which network a command runs, and how. */
export interface ModelOptions {
  readonly model?: string;
  readonly threads?: number;
  readonly engine?: EngineName;
}

const named = 'a name of `ocellus models`, an ONNX file, or a card';

/** For commands that classify whole pictures. */
export const classifierHelp = `${named}; of the task classify`;

/** Adds the options of the network and how to run it to a command. @param help What its `--model` may be. */
export function withModelOptions(command: Command, help = named): Command {
  return command
    .option('--model <name or file>', help)
    .option('--threads <n>', 'threads of the neural core', threads)
    .addOption(new Option('--engine <name>', 'engine (default: "auto")').choices(engineNames));
}
