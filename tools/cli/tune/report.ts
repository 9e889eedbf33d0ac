import { table } from '../../shared/output.ts';
import { inWords, spread } from '../../shared/run.ts';
import type { Failed, Measured } from './candidate.ts';
import { figureOf, keepsUp } from './decide.ts';

const noEnergy = '-';

/** The table of the ways to run the network. */
export function waysInWords(measured: readonly Measured[], failed: readonly Failed[]): string {
  const rows = measured.map((one) => [
    one.rounds[0]!.engine,
    String(one.candidate.threads),
    one.rounds[0]!.kernels,
    inWords(figureOf(one, 'latency')!, 1),
    inWords(figureOf(one, 'cpu')!, 1),
    energyInWords(one),
  ]);
  const missing = failed.map(({ candidate, why }) => `${candidate.engine} cannot be run: ${why}`);
  const head = ['ENGINE', 'THREADS', 'KERNELS', 'LATENCY ms', 'CPU ms A FRAME', 'ENERGY J A FRAME'];
  return [table([head, ...rows]), ...missing].join('\n');
}

/** The table of the rates. @param cameras That share the core. */
export function ratesInWords(measured: readonly Measured[], cameras: number): string {
  const rows = measured.map((one) => {
    const { rate } = one.candidate;
    const p95 = spread(one.rounds.map(({ latencyMs }) => latencyMs.p95));
    const missed = spread(one.rounds.map((round) => round.missed));
    return [
      String(rate / cameras),
      keepsUp(one) ? 'yes' : 'no',
      inWords(p95, 1),
      inWords(missed, 0),
      inWords(figureOf(one, 'cpu')!, 1),
      energyInWords(one),
    ];
  });
  const head = [
    cameras === 1 ? 'FRAMES/S' : `FRAMES/S OF EACH OF ${cameras} CAMERAS`,
    'KEPT UP',
    'LATENCY ms p95',
    'MISSED',
    'CPU ms A FRAME',
    'ENERGY J A FRAME',
  ];
  return table([head, ...rows]);
}

function energyInWords(one: Measured): string {
  const joules = figureOf(one, 'energy');
  return joules ? inWords(joules, 3) : noEnergy;
}
