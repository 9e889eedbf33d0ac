import { table } from '../../shared/output.ts';
import { inWords } from '../../shared/run.ts';
import { levels } from './detector.ts';
import type { Scenario } from './scenarios.ts';
import { kinds } from './scenes.ts';
import type { Score, Scores } from './score.ts';
import { rates, type Sequence } from './sequences.ts';
import type { Times } from './times.ts';
import type { Tuned } from './tune.ts';

/** Of many sequences: means, in which each counts alike, and the switches in all. */
function over(scores: Record<string, Score>, sequences: readonly Sequence[]): Score {
  const all = sequences.map(({ name }) => scores[name]!);
  const sum = (field: keyof Score) => all.reduce((total, one) => total + one[field], 0);
  const mean = (field: keyof Score) => sum(field) / all.length;
  return {
    hota: mean('hota'),
    deta: mean('deta'),
    assa: mean('assa'),
    mota: mean('mota'),
    idf1: mean('idf1'),
    switches: sum('switches'),
    falsePositives: sum('falsePositives'),
    falseNegatives: sum('falseNegatives'),
    fragments: sum('fragments'),
  };
}

/** HOTA and switches in parts of the sequences, a column a part. */
function parts(
  scores: Scores,
  sequences: readonly Sequence[],
  title: string,
  columns: readonly (readonly [name: string, isIn: (sequence: Sequence) => boolean])[],
): string {
  const known = columns.filter(([, isIn]) => sequences.some(isIn));
  return table([
    [title, ...known.map(([name]) => name)],
    ...Object.entries(scores).map(([tracker, mine]) => [
      tracker,
      ...known.map(([, isIn]) => {
        const { hota, switches } = over(mine, sequences.filter(isIn));
        return `${hota.toFixed(1)} (${switches})`;
      }),
    ]),
  ]);
}

/** The tables of the scores, for a person. */
export function scoreTables(scores: Scores, sequences: readonly Sequence[]): string {
  const overall = table([
    ['TRACKER', 'HOTA', 'DETA', 'ASSA', 'MOTA', 'IDF1', 'SWITCHES', 'FP', 'FN'],
    ...Object.entries(scores).map(([tracker, mine]) => {
      const all = over(mine, sequences);
      return [
        tracker,
        ...(['hota', 'deta', 'assa', 'mota', 'idf1'] as const).map((field) => all[field].toFixed(1)),
        ...(['switches', 'falsePositives', 'falseNegatives'] as const).map((field) => String(all[field])),
      ];
    }),
  ]);
  const byRate = rates.map((rate) => [`${rate}/s`, (one: Sequence) => one.rate === rate] as const);
  const byLevel = levels.map((_, level) => [`noise ${level}`, (one: Sequence) => one.level === level] as const);
  const byKind = [...Object.keys(kinds), 'tud'].map((kind) => [kind, (one: Sequence) => one.kind === kind] as const);
  return [
    overall,
    '\nHOTA (switches) by frames a second and by noise of the detector',
    parts(scores, sequences, 'TRACKER', byRate),
    parts(scores, sequences, 'TRACKER', byLevel),
    'HOTA (switches) by scene',
    parts(scores, sequences, 'TRACKER', byKind.slice(0, 6)),
    parts(scores, sequences, 'TRACKER', byKind.slice(6)),
  ].join('\n');
}

/** A line a sequence: HOTA (switches) of each tracker. */
export function sequenceTable(scores: Scores, sequences: readonly Sequence[]): string {
  const trackers = Object.keys(scores);
  return table([
    ['SEQUENCE', ...trackers],
    ...sequences.map(({ name }) => [
      name,
      ...trackers.map((tracker) => `${scores[tracker]![name]!.hota.toFixed(1)} (${scores[tracker]![name]!.switches})`),
    ]),
  ]);
}

/** CPU times of one update, in the median (smallest-largest) ratio to ours. */
export function timesTable(times: readonly Times[]): string {
  const names = Object.keys(times[0]!.peers);
  return table([
    ['CPU TIME A FRAME', ...times.map(({ objects }) => `${objects} OBJECT${objects === 1 ? '' : 'S'}`)],
    ['ours, ms', ...times.map(({ oursMs }) => oursMs.median.toPrecision(2))],
    ...names.map((name) => [`${name}, times ours`, ...times.map(({ peers }) => inWords(peers[name]!.ratio, 1))]),
  ]);
}

/** The best settings that were found for each tracker. */
export function tuningTable(tuned: readonly Tuned[]): string {
  return table([
    ['TRACKER', 'HOTA', 'BY DEFAULT', 'TRIALS', 'SETTINGS'],
    ...tuned.map(({ tracker, value, byDefault, trials, best }) => [
      tracker,
      value.toFixed(2),
      byDefault.toFixed(2),
      String(trials),
      JSON.stringify(best),
    ]),
  ]);
}

/** What is told beside what is right; in brackets how many were counted at once where one is there. */
export function scenarioTables(scenarios: readonly Scenario[]): string {
  return (['keepalive', 'inferences a second'] as const)
    .map((by) => {
      const rows = scenarios.filter((one) => one.by === by);
      return table([
        [`BY ${by.toUpperCase()}`, 'RIGHT', ...Object.keys(rows[0]!.columns)],
        ...rows.map(({ name, truth, columns }) => [
          name,
          String(truth),
          ...Object.values(columns).map(({ told, most }) =>
            most === undefined || most <= 1 ? `${told}` : `${told} (${most})`,
          ),
        ]),
      ]);
    })
    .join('\n');
}
