import type { Command } from 'commander';
import { findModel } from '../../../sdk/core/cards/model-file.ts';
import { chooseEngine } from '../../../sdk/core/choose-engine.ts';
import { listModels } from '../../../sdk/core/model.ts';
import { printWire, table } from '../../shared/output.ts';

export function addModels(program: Command): void {
  program
    .command('models')
    .description('list the models that ship with Ocellus, and which engine runs them here')
    .option('--json', 'one JSON line per model')
    .action(async ({ json }: { json?: boolean }) => {
      const cards = await listModels();
      if (json) {
        for (const card of cards) await printWire(card);
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
      console.log(table([head, ...(await Promise.all(rows))]));
    });
}

function accuracyOf(measured: Readonly<Record<string, unknown>> | undefined): string {
  if (measured?.ap !== undefined) return `AP ${measured.ap} (${measured.dataset})`;
  if (measured?.few_shot !== undefined)
    return `${measured.few_shot} taught with ${measured.examples} (${measured.dataset})`;
  return '';
}
