import type { Command } from 'commander';
import type { WhyState } from '../../console/protocol.ts';
import { oneLine, printWire, table } from '../../shared/output.ts';
import { fraction } from '../values.ts';
import { askNode, type RequestOptions } from './request.ts';

interface WhyOptions extends RequestOptions {
  camera?: string;
  threshold?: number;
  json?: boolean;
}

type Why = WhyState & { camera: string };

export function addWhy(program: Command): void {
  program
    .command('why')
    .description('why a running node told nothing: what became of each object of the last ten minutes')
    .option('--camera <name>', 'only this one (default: all)')
    .option('--threshold <0..1>', 'also what would have been told with this threshold', fraction)
    .option('--json', 'one JSON object')
    .option('--broker <url>', 'mqtt://host:1883, mqtts://, ws://, wss://', 'mqtt://127.0.0.1:1883')
    .option('--node <name>', 'name of the node', 'ocellus')
    .option('--base <topic>', 'first part of its topics', 'ocellus')
    .addHelpText('after', '\nThe password may be in the environment variable OCELLUS_MQTT_PASSWORD.')
    .action(async ({ camera, threshold, json, ...options }: WhyOptions) => {
      const answer = (await askNode('why', camera === undefined ? {} : { camera }, options)) as { cameras: Why[] };
      if (json) await printWire(answer);
      else console.log(answer.cameras.map((one) => inWords(one, threshold)).join('\n\n') || 'there is no camera');
    });
}

const words: Readonly<Record<Why['objects'][number]['fate'], (of: Why['objects'][number]) => string>> = {
  told: ({ zones }) => `told${zones.length > 0 ? `, in ${zones.join(', ')}` : ''}`,
  at_rest: () => 'told, and at rest since',
  outside_zones: () => 'told, but it was in none of the zones',
  median_below: ({ median, threshold }) =>
    `not told: its median score ${percent(median)} is below ${percent(threshold)}`,
  score_below: ({ score, threshold }) =>
    `not told: its best score ${percent(score)} is too far below ${percent(threshold)}`,
  too_brief: ({ observations }) => `not told: seen ${observations === 1 ? 'once' : `${observations} times`} only`,
  mask: () => 'not told: it stood in a mask',
  unwatched: () => 'not told: this label is not watched',
};

export function inWords({ camera, seconds, frames, objects }: Why, threshold?: number): string {
  const lines = [`${camera}, the last ${Math.max(1, Math.round(seconds / 60))} min`, `  ${lookedInWords(frames)}`];
  if (objects.length === 0) lines.push('  nothing was seen');
  else {
    const rows = objects.map((one) => [
      `  ${Math.round(one.ago)} s ago`,
      oneLine(one.label),
      percent(one.score),
      words[one.fate](one),
    ]);
    lines.push(table(rows));
  }
  if (threshold !== undefined) lines.push(`  ${whatIf(objects, threshold)}`);
  return lines.join('\n');
}

function lookedInWords({ in: all, inferred, still, busy, off }: Why['frames']): string {
  if (all === 0) return 'no frame came';
  const not = [
    ...(still > 0 ? [`${still} not: nothing moved`] : []),
    ...(busy > 0 ? [`${busy} not: other cameras came first`] : []),
    ...(off > 0 ? [`${off} not: detection is off`] : []),
  ];
  return [`the network looked at ${inferred} of ${all} frames`, ...not].join('; ');
}

/** What would have been told with another threshold. */
function whatIf(objects: Why['objects'], threshold: number): string {
  const told = objects.filter(({ told_up_to: upTo }) => upTo !== null && upTo >= threshold);
  const counts = new Map<string, number>();
  for (const { label } of told) counts.set(label, (counts.get(label) ?? 0) + 1);
  const list = [...counts].map(([label, count]) => `${count} x ${oneLine(label)}`).join(', ');
  return `with a threshold of ${percent(threshold)}, about ${told.length} would have been told${list && `: ${list}`}`;
}

const percent = (share: number) => `${Math.round(share * 100)} %`;
