import { table } from '../../shared/output.ts';
import { inWords, type Spread } from '../../shared/run.ts';
import type { BenchReport, BenchResult } from './bench.ts';
import { nameOf, type Recommendation } from './recommend.ts';

const unknown = '-';
const known = (figure: Spread | null | undefined, digits: number) => (figure ? inWords(figure, digits) : unknown);

/** The figures of a result under their headings, as the table and the page show them. */
export const columns: readonly (readonly [string, (one: BenchResult) => string])[] = [
  ['MODEL', ({ model }) => model],
  ['ENGINE', ({ engine, engineVersion }) => `${engine} ${engineVersion}`],
  ['FORM', ({ precision }) => precision],
  ['THREADS', ({ threads }) => String(threads)],
  ['LATENCY ms p50', ({ latencyMs }) => known(latencyMs.p50, 1)],
  ['p99', ({ latencyMs }) => known(latencyMs.p99, 1)],
  ['CPU ms', ({ cpuSeconds }) => known(inMs(cpuSeconds), 1)],
  ['PER SECOND', ({ perSecond }) => known(perSecond, 1)],
  ['MEMORY MB', ({ residentMb }) => known(residentMb, 0)],
  ['START ms', ({ startMs }) => known(startMs, 0)],
  ['ACCURACY', ({ accuracy }) => (accuracy ? `${accuracy.value.toFixed(3)} ${accuracyWords[accuracy.kind]}` : unknown)],
  ['ENERGY J', ({ energy }) => known(energy?.joules, 3)],
  ['WITHOUT IDLE J', ({ energy }) => known(energy?.netJoules, 3)],
  ['°C', ({ temperature }) => (temperature === null ? unknown : temperature.toFixed(0))],
  ['OTHERS %', ({ foreignLoad }) => (100 * foreignLoad.median).toFixed(0)],
];

const inMs = ({ median, low, high }: Spread): Spread => ({ median: median * 1000, low: low * 1000, high: high * 1000 });

export const accuracyWords = { ap: 'AP', few_shot: 'few-shot', agreement: 'agreement' } as const;

/** Columns that say nothing anywhere are left out. */
export function rowsOf(results: readonly BenchResult[]): { head: string[]; rows: string[][] } {
  const shown = columns.filter(([, of]) => results.some((one) => of(one) !== unknown));
  return { head: shown.map(([name]) => name), rows: results.map((one) => shown.map(([, of]) => of(one))) };
}

/** What `ocellus bench` prints. */
export function reportInWords(report: BenchReport, recommendation?: Recommendation, written?: string): string {
  const { machine, pictures, rounds, seconds, results, failed, power } = report;
  const lines = [
    `${machine.model}: ${machine.cpu}, ${machine.cores} cores; ocellus ${report.version}, kernels ${machine.kernels}, Node ${machine.node}`,
    pictures.folder === null
      ? 'Views of the built-in scene; --on FOLDER measures accuracy too'
      : `${pictures.count} pictures of ${pictures.folder}`,
  ];
  if (results.length > 0) {
    const { head, rows } = rowsOf(results);
    lines.push('', table([head, ...rows]));
    lines.push(
      '',
      `Medians of ${rounds} rounds of ${seconds} s (smallest-largest); PER SECOND is of ${machine.cores} processes at once, OTHERS what other programs used of the processors.`,
    );
    for (const one of results) lines.push(`sha256 ${one.sha256}  ${one.file}`);
  }
  if (power) {
    lines.push(
      `Energy is by ${power.source} (${power.covers}), runs of ${report.energySeconds} s; the idle board takes ${inWords(power.idleWatts, 2)} W, which WITHOUT IDLE leaves out.`,
    );
  }
  if (failed.length > 0) {
    lines.push('', 'Not measured:');
    for (const { model, engine, threads, why } of failed) {
      const by = engine === null ? '' : ` by ${engine}`;
      lines.push(`  ${model}${by}${threads === null ? '' : `, ${threads} threads`}: ${why}`);
    }
  }
  if (report.warnings.length > 0)
    lines.push('', ...report.warnings.map((one) => `${one[0]!.toUpperCase()}${one.slice(1)}.`));
  if (recommendation) lines.push('', ...recommendationInWords(recommendation, written));
  return lines.join('\n');
}

export function recommendationInWords(recommendation: Recommendation, written?: string): string[] {
  const { wish, choice, reasons, ruledOut, nearest, settings } = recommendation;
  const lines = [`${wish}:`, choice ? `  ${nameOf(choice)}` : '  nothing fits'];
  for (const reason of reasons) lines.push(`  - ${reason}`);
  if (nearest) lines.push(`  closest is ${nameOf(nearest)}: ${nearest.why}`);
  if (ruledOut.length > 0)
    lines.push(
      'Ruled out:',
      ...ruledOut.map((one) => `  ${nameOf(one)}: ${one.by === 'engine' ? '' : `${one.by}: `}${one.why}`),
    );
  if (settings) {
    const { model, engine, threads } = settings.core;
    const where = written === undefined ? '--write SETTINGS.yaml puts it there' : `written to ${written}`;
    lines.push(`core: { model: ${model}, engine: ${engine}, threads: ${threads} }; ${where}`);
  } else if (choice)
    lines.push('It is no detector: core.model takes none of its kind, so there is no setting to write.');
  return lines;
}
