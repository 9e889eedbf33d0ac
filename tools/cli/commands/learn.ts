import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import { dataFolder } from '../../../sdk/config/data-folder.ts';
import { readSettings, resolveSettings } from '../../../sdk/config/settings.ts';
import type { Learner } from '../../../sdk/learn/learner.ts';
import { readBundle, spaceOfBundle, writeBundle } from '../../../sdk/learn/ledger/bundle.ts';
import { type Cut, checkName } from '../../../sdk/learn/ledger/example.ts';
import { Identity, identityFile } from '../../../sdk/learn/ledger/identity.ts';
import { LedgerStore } from '../../../sdk/learn/ledger/ledger-store.ts';
import { isExamplePart } from '../../../sdk/learn/ledger/part.ts';
import { mostSafeTensorsBytes } from '../../../sdk/learn/ledger/safetensors.ts';
import { networksFor } from '../../../sdk/learn/store-network.ts';
import { oneLine, printJson, table } from '../../shared/output.ts';
import { openLearner, storeHelp } from '../learner.ts';
import { writeResult } from '../write-result.ts';

interface StoreOptions {
  store: string;
  model?: string;
}

const defaultFile = 'ocellus.yaml';

export function addLearn(program: Command): void {
  const learn = program.command('learn').description('manage what a node was taught: its key, and files to exchange');
  learn
    .command('key')
    .description('print the public key of this node, for learn.trusted of others; created if there is none')
    .option('-c, --config <file>', `settings file (default: ./${defaultFile}, if there is one)`)
    .option('--node <name>', 'name of the node, as for `ocellus run`')
    .action(key);
  ofStore(learn.command('export'))
    .description('write a store’s examples, of all nodes, to a safetensors file')
    .argument('<file>', 'overwritten if it exists')
    .action(exportStore);
  ofStore(learn.command('import'), `${storeHelp}; created if there is none`)
    .description('merge the export of another store; order and repetition do not matter')
    .argument('<file>', 'a file from `ocellus learn export`')
    .option('--trusted <key...>', 'public keys: only accept what one of them signed')
    .option('--node <name>', 'owner of a newly created store; default: the node that wrote the file')
    .action(importStore);
  ofStore(learn.command('cuts'))
    .description('list which examples, or whose, are cut, and by whom')
    .option('--json', 'one JSON line per cut')
    .action(listCuts);
}

function ofStore(command: Command, help = storeHelp): Command {
  return command
    .requiredOption('--store <dir>', help)
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
    // The existing file may be the only copy of what a board was taught.
    await writeResult(file, bytes);
    console.log(`${file}: ${ledger.size} examples, ${bytes.length} bytes`);
  });
}

async function importStore(file: string, options: StoreOptions & { trusted?: string[]; node?: string }): Promise<void> {
  const { store, model, trusted, node } = options;
  if (node !== undefined) checkName('--node', node);
  const bytes = await readFileOf(file, mostSafeTensorsBytes);
  const networks = await networksFor(model);
  // Before the store is opened: an unreadable file must not leave an empty store behind.
  const [bundle, network] = await ofFile(file, async () => {
    const written = spaceOfBundle(bytes);
    const of = networks.find(({ space }) => space === written) ?? networks[0];
    return [readBundle(bytes, { ...of, ...(trusted && { trusted }) }), of.model] as const;
  });
  const isNew = !LedgerStore.exists(store);
  // A new store is of the file's network.
  const { learner } = await openLearner(store, isNew ? network : model, node ?? bundle.node);
  try {
    const { ledger } = learner;
    await ofFile(file, async () => assertSpace(bundle.space, ledger.space));
    if (isNew) console.log(`${store}: a new store, of ${ledger.node}`);
    const before = ledger.size;
    const changed = await ofFile(file, () => learner.merge(bundle.parts));
    const { size } = learner.ledger;
    console.log(`${file}: ${changed.length} labels and lists of cuts changed; ${size} examples, ${size - before} more`);
    for (const label of changed.filter(isExamplePart).map(titleOf)) console.log(`  ${label}`);
  } finally {
    await learner.close();
  }
}

/** Embeddings of two networks cannot be compared. */
function assertSpace(written: string, expected: string): void {
  if (written !== expected) throw new InputError(`expected space ${expected}, got ${written}`);
}

/** Errors of the file name it. */
async function ofFile<T>(file: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const hint = /expected space /.test(error.message) ? '; --model names the network of the store' : '';
    throw new InputError(`${file}: ${error.message}${hint}`);
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
  const { learner } = await openLearner(store, model);
  try {
    await use(learner);
  } finally {
    await learner.close();
  }
}

/** A node's store is beside its key; other stores have none. */
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
