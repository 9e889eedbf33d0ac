import type { Command } from 'commander';
import { listModels } from '../../../sdk/core/model.ts';
import { printWire, table } from '../../shared/output.ts';

export function addModels(program: Command): void {
  program
    .command('models')
    .description('list the models that ship with Ocellus')
    .option('--json', 'one JSON line per model')
    .action(async ({ json }: { json?: boolean }) => {
      const cards = await listModels();
      if (json) {
        for (const card of cards) await printWire(card);
        return;
      }
      const rows = cards.map(({ name, task, input, labels, accuracy, source }) => [
        name,
        task,
        `${input.width}x${input.height} ${input.type}`,
        `${labels.length} labels`,
        accuracyOf(accuracy?.[0]),
        String(source?.licence ?? ''),
      ]);
      console.log(table([['NAME', 'TASK', 'INPUT', 'LABELS', 'ACCURACY', 'LICENCE'], ...rows]));
    });
}

function accuracyOf(measured: Readonly<Record<string, unknown>> | undefined): string {
  if (measured?.ap !== undefined) return `AP ${measured.ap} (${measured.dataset})`;
  if (measured?.few_shot !== undefined)
    return `${measured.few_shot} taught with ${measured.examples} (${measured.dataset})`;
  return '';
}
