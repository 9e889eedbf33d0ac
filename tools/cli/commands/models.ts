import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { InputError } from '../../../sdk/base/errors.ts';
import { toWire } from '../../../sdk/base/wire.ts';
import { readLabels } from '../../../sdk/core/cards/labels-file.ts';
import { cardEnding, findModel, installedModels } from '../../../sdk/core/cards/model-file.ts';
import { chooseEngine } from '../../../sdk/core/choose-engine.ts';
import type { Inspection } from '../../../sdk/core/inspect-model.ts';
import { listModels } from '../../../sdk/core/model.ts';
import { printNote, printWire, table } from '../../shared/output.ts';
import { inspectReport } from '../inspect-report.ts';
import { writeResult } from '../write-result.ts';
import type { AddOptions, ZooOptions } from '../zoo.ts';

export function addModels(program: Command): void {
  const models = program
    .command('models')
    .description('list the models that are here or in the zoo, add and remove one, or say what a file is');
  models
    .command('list', { isDefault: true })
    .description('list the models that ship with Ocellus and which engine runs them here, and those of the zoo')
    .option('--json', 'one JSON line per model that is here: its card')
    .option('--zoo', 'only those that were added or can be; with --json their state, size, licence and card')
    .option(
      '--from <mirror>',
      'the zoo of a mirror (http://…, https://…) or a folder, in place of the one that Ocellus knows',
    )
    .option('--key <file>', 'with --from: the public key that it is signed with, in PEM, in place of that of Ocellus')
    .action(list);
  models
    .command('add')
    .description('install a model for --model and core.model: its licence is shown, its files are fetched and verified')
    .argument(
      '<model>',
      'a name of `ocellus models`, a URL (with --sha256 and --card), or the path of a model file or a card',
    )
    .option('--from <mirror>', 'fetch it from a mirror (http://…, https://…) or a folder with the layout of one')
    .option('--key <file>', 'with --from: the public key that it is signed with, in PEM, in place of that of Ocellus')
    .option('--sha256 <digits>', 'what the file has to be')
    .option('--card <file>', `the card of a file that has none (${cardEnding})`)
    .option('-y, --yes', 'agree to the licence without being asked')
    .action(async (model: string, options: AddOptions) => (await import('../zoo.ts')).addModel(model, options));
  models
    .command('remove')
    .description('remove a model that was added')
    .argument('<name>', 'its name')
    .option('-c, --config <file>', 'settings that may name it', 'ocellus.yaml')
    .option('-y, --yes', 'do not ask')
    .action(async (name: string, options: { yes?: boolean; config: string }) =>
      (await import('../zoo.ts')).removeModel(name, options),
    );
  models
    .command('inspect')
    .description(
      'say what a model file is, which decoder reads it and why, and which engines run it here; ends with 1 if it cannot be used as it is',
    )
    .argument('<file>', 'a model file of any framework, a card, or a name of `ocellus models`')
    .option('--json', 'one JSON line')
    .option('--labels <file>', 'its labels, one a line in the order of its classes, or the card that has them')
    .option('--size <WxH>', 'the size of its input, where the file leaves it open', size)
    .option('--card <file>', `write the card that --model takes (a name with ${cardEnding}), once nothing is open`)
    .action(inspect);
}

interface ListOptions extends ZooOptions {
  readonly json?: boolean;
  readonly zoo?: boolean;
}

async function list({ json = false, zoo, ...where }: ListOptions): Promise<void> {
  const { listZoo } = await import('../zoo.ts');
  const zooTable = () => listZoo(where, json, ({ accuracy }) => accuracyOf(accuracy?.[0]));
  if (zoo) return zooTable();
  const cards = await listModels();
  if (json) {
    const installed = (await installedModels()).map(({ card }) => card).filter((card) => card !== undefined);
    for (const card of [...cards, ...installed]) await printWire(card);
    return;
  }
  const rows = cards.map(async ({ name, task, input, labels, accuracy, source }) => [
    name,
    task,
    await chooseEngine('auto', await findModel(name)),
    `${input.width}x${input.height}`,
    `${labels.length} labels`,
    accuracyOf(accuracy?.[0]),
    String(source?.licence ?? ''),
  ]);
  const head = ['NAME', 'TASK', 'ENGINE', 'INPUT', 'LABELS', 'ACCURACY', 'LICENCE'];
  console.log(`${table([head, ...(await Promise.all(rows))])}\n`);
  await zooTable();
}

function accuracyOf(measured: Readonly<Record<string, unknown>> | undefined): string {
  if (measured?.ap !== undefined) return `AP ${measured.ap} (${measured.dataset})`;
  if (measured?.few_shot !== undefined)
    return `${measured.few_shot} taught with ${measured.examples} (${measured.dataset})`;
  return '';
}

interface InspectOptions {
  readonly json?: boolean;
  readonly labels?: string;
  readonly size?: { width: number; height: number };
  readonly card?: string;
}

async function inspect(file: string, { json, labels, size: asked, card: out }: InspectOptions): Promise<void> {
  if (out !== undefined && !out.endsWith(cardEnding)) {
    throw new InputError(`--card: expected a name with ${cardEnding}, got ${out}`);
  }
  const given = { labels: labels === undefined ? undefined : await readLabels(labels), size: asked };
  // It loads what other commands of this file do without.
  const { inspectModel } = await import('../../../sdk/core/inspect-model.ts');
  const found = await inspectModel(file, given);
  const problems = [...found.problems];
  const isRight = problems.length === 0;
  if (isRight && out !== undefined) await writeCard(found, file, out);
  else if (isRight && (labels !== undefined || asked)) {
    problems.push(
      `its card is complete, but --model would not find it: add --card X${cardEnding}, or put the labels beside it`,
    );
  }
  if (!isRight && out !== undefined) printNote(`${out} is not written while it cannot be used`);
  const isUsable = problems.length === 0;
  if (json) await printWire({ ...toWire({ ...found, problems, isUsable }), card: found.card, draft: found.draft });
  else console.log(inspectReport({ ...found, problems }, isUsable));
  if (!isUsable) process.exitCode = 1;
}

/** @throws InputError when there is one already: somebody may have written it. */
async function writeCard({ card }: Inspection, file: string, out: string): Promise<void> {
  const network = (await findModel(file).catch(() => undefined))?.network?.path ?? resolve(file);
  const sha256 = createHash('sha256')
    .update(await readFile(network))
    .digest('hex');
  const complete = { ...card, file: relative(dirname(resolve(out)), network), sha256 };
  const confirm = async () => {
    if (existsSync(out)) throw new InputError(`--card: ${out} is there already: remove it, or give another name`);
  };
  await confirm();
  await writeResult(out, `${JSON.stringify(complete, null, 2)}\n`, { confirm });
  printNote(`${out}: written, for --model`);
}

function size(text: string): { width: number; height: number } {
  const [width, height] = (/^(\d+)x(\d+)$/.exec(text) ?? []).slice(1).map(Number);
  if (!width || !height || width > 8192 || height > 8192) {
    throw new InvalidArgumentError('Expected a width and a height in pixels, as 640x480, each at most 8192.');
  }
  return { width, height };
}
