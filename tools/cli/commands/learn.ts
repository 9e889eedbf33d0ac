import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { dataFolder } from '../../../sdk/config/data-folder.ts';
import { readSettings, resolveSettings } from '../../../sdk/config/settings.ts';
import { InputError, messageOf } from '../../../sdk/errors.ts';
import { readBundle, writeBundle } from '../../../sdk/learn/bundle.ts';
import type { Cut } from '../../../sdk/learn/example.ts';
import { Identity, identityFile } from '../../../sdk/learn/identity.ts';
import type { Learner } from '../../../sdk/learn/learner.ts';
import { isExamplePart, type Part } from '../../../sdk/learn/part.ts';
import { mostSafeTensorsBytes } from '../../../sdk/learn/safetensors.ts';
import { openLearner, storeHelp } from '../learner.ts';
import { oneLine, printJson, table } from '../output.ts';

interface StoreOptions {
  store: string;
  model?: string;
}

const defaultFile = 'ocellus.yaml';

export function addLearn(program: Command): void {
  const learn = program.command('learn').description('what a node was taught: its key, and files to exchange');
  learn
    .command('key')
    .description('print the public key of this node, for learn.trusted of others; it is made where there is none')
    .option('-c, --config <file>', `settings file (default: ./${defaultFile}, if there is one)`)
    .option('--node <name>', 'name of the node, as `ocellus run` takes it')
    .action(key);
  ofStore(learn.command('export'))
    .description('write all that a store has, of all nodes, to a safetensors file')
    .argument('<file>', 'is written over')
    .action(exportStore);
  ofStore(learn.command('import'))
    .description('merge what another store wrote; any order, any number of times, gives the same')
    .argument('<file>', 'that `ocellus learn export` wrote')
    .option('--trusted <key...>', 'public keys: only what one of them signed is taken')
    .action(importStore);
  ofStore(learn.command('cuts'))
    .description('list whose examples, or which, do not count, and who says so')
    .option('--json', 'a JSON line a cut')
    .action(listCuts);
}

function ofStore(command: Command): Command {
  return command
    .requiredOption('--store <dir>', storeHelp)
    .option(
      '--model <name or file>',
      'the embedding network of the store: a name of `ocellus models`, an ONNX file, or a card',
    );
}

async function key({ config, node }: { config?: string; node?: string }): Promise<void> {
  const file = resolve(config ?? defaultFile);
  const written = await readSettings(file, config !== undefined);
  const settings = resolveSettings(node === undefined ? written : { ...written, node }, file);
  console.log(Identity.open(join(dataFolder(settings), identityFile)).publicKey);
}

async function exportStore(file: string, { store, model }: StoreOptions): Promise<void> {
  await withStore({ store, model }, async ({ ledger }) => {
    const { space, dimension, node } = ledger;
    const bytes = writeBundle({ space, dimension, node, parts: ledger.parts() }, keyBeside(store));
    await writeFile(file, bytes).catch((error: unknown) => {
      throw new InputError(`${file}: cannot be written: ${messageOf(error)}`);
    });
    console.log(`${file}: ${ledger.size} examples, ${bytes.length} bytes`);
  });
}

async function importStore(file: string, options: StoreOptions & { trusted?: string[] }): Promise<void> {
  const { trusted, ...of } = options;
  const bytes = await readFileOf(file, mostSafeTensorsBytes);
  await withStore(of, async (learner) => {
    const { space, dimension } = learner.ledger;
    const before = learner.ledger.size;
    const changed = await merge(learner, file, () =>
      readBundle(bytes, { space, dimension, ...(trusted && { trusted }) }),
    );
    const count = learner.ledger.size - before;
    console.log(
      `${file}: ${changed.length} labels and lists of cuts changed; ${learner.ledger.size} examples, ${count} more`,
    );
    for (const label of changed.filter(isExamplePart).map(titleOf)) console.log(`  ${label}`);
  });
}

async function merge(learner: Learner, file: string, read: () => { parts: readonly Part[] }): Promise<readonly Part[]> {
  try {
    return await learner.merge(read().parts);
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${file}: ${error.message}`) : error;
  }
}

async function listCuts({ json, ...of }: StoreOptions & { json?: boolean }): Promise<void> {
  await withStore(of, async ({ ledger }) => {
    const cuts = ledger.cuts();
    if (json) for (const { timeMs, ...cut } of cuts) await printJson({ ...cut, time: timeMs / 1000 });
    else if (cuts.length > 0) console.log(table([['WHEN', 'BY', 'WHAT', 'WHY', 'ID'], ...cuts.map(row)]));
    else console.log('Nothing was cut out.');
  });
}

function row({ id, node, target, reason, timeMs }: Cut): string[] {
  const what =
    'node' in target
      ? `all of ${target.node}`
      : 'label' in target
        ? `${target.head}: ${target.label}`
        : `example ${target.example}`;
  return [new Date(timeMs).toISOString(), node, what, oneLine(reason), id];
}

const titleOf = ({
  node,
  head,
  label,
  items,
}: {
  node: string;
  head: string;
  label: string;
  items: ReadonlyMap<string, unknown>;
}) => `${node}: ${head}: ${label}: ${items.size} ${items.size === 1 ? 'example' : 'examples'}`;

async function withStore({ store, model }: StoreOptions, use: (learner: Learner) => Promise<void>): Promise<void> {
  const learner = await openLearner(store, model);
  try {
    await use(learner);
  } finally {
    await learner.close();
  }
}

/** A node's store lies beside its key; any other store has none. */
function keyBeside(store: string): Identity | undefined {
  const file = join(dirname(resolve(store)), identityFile);
  return existsSync(file) ? Identity.open(file) : undefined;
}

async function readFileOf(file: string, most: number): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > most) throw new InputError(`expected at most ${most} bytes, got ${size}`);
    return await readFile(file);
  } catch (error) {
    throw new InputError(`${file}: ${messageOf(error)}`);
  }
}
