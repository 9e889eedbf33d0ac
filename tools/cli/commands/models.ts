import type { Command } from 'commander';
import { listModels } from '../../../sdk/core/model.ts';
import { printJson, table } from '../output.ts';

export function addModels(program: Command): void {
  program
    .command('models')
    .description('list the models that ship with Ocellus')
    .option('--json', 'one JSON line a model')
    .action(async ({ json }: { json?: boolean }) => {
      const cards = await listModels();
      if (json) {
        for (const card of cards) await printJson(card);
        return;
      }
      const rows = cards.map(({ name, task, input, labels, accuracy, source }) => [
        name,
        task,
        `${input.width}x${input.height} ${input.type}`,
        `${labels.length} labels`,
        accuracy?.[0]?.ap === undefined ? '' : `AP ${accuracy[0].ap} (${accuracy[0].dataset})`,
        String(source?.licence ?? ''),
      ]);
      console.log(table([['NAME', 'TASK', 'INPUT', 'LABELS', 'ACCURACY', 'LICENCE'], ...rows]));
    });
}
