import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import { type SeedSet, seedSets } from './sequences.ts';

/** `ours`: scores without the peers; `tune`: the peers' settings on the seeds for choosing. */
const parts = ['ours', 'scores', 'times', 'scenarios', 'tune'] as const;

export interface Options {
  readonly seeds: SeedSet;
  /** A quarter of the sequences. */
  readonly quick: boolean;
  /** One part alone. */
  readonly only: (typeof parts)[number] | undefined;
  /** Print the scores of each sequence too. */
  readonly sequences: boolean;
  /** Leave the files there. Default: a folder that is removed. */
  readonly folder: string | undefined;
  readonly json: string;
}

/** @throws InputError for what it does not know. */
export function optionsOf(args: readonly string[]): Options {
  let values: ReturnType<typeof parsed>;
  try {
    values = parsed(args);
  } catch (error) {
    throw new InputError(`${messageOf(error)} Known: --seeds, --quick, --only, --sequences, --folder, --json.`);
  }
  const { seeds, only } = values;
  if (!isOneOf(seeds, Object.keys(seedSets) as SeedSet[])) {
    throw new InputError(`--seeds: expected ${Object.keys(seedSets).join(' or ')}, got ${JSON.stringify(seeds)}`);
  }
  if (only !== undefined && !isOneOf(only, parts)) {
    throw new InputError(`--only: expected ${parts.join(', ')}, got ${JSON.stringify(only)}`);
  }
  if (only === 'tune' && seeds !== 'choose') {
    throw new InputError('--only tune: expected --seeds choose: nothing is chosen on what is reported');
  }
  return { ...values, folder: values.folder, seeds, only };
}

const parsed = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: 'report' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      sequences: { type: 'boolean', default: false },
      folder: { type: 'string' },
      json: { type: 'string', default: join(tmpdir(), 'ocellus-track.json') },
    },
  }).values;

function isOneOf<T extends string>(value: string, known: readonly T[]): value is T {
  return (known as readonly string[]).includes(value);
}
