// `npm run bench:cameras`: one node with 1, 2, 4 and 8 cameras that together want more than the core can do, in turns.
import { parseArgs } from 'node:util';
import { asset } from '../../../sdk/base/assets.ts';
import { printError, table } from '../../shared/output.ts';
import { inWords, launcher, runJson, spread } from '../../shared/run.ts';
import { Progress } from '../progress.ts';
import type { Outcome } from './subject.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    // Of all cameras together: as many frames are made whatever their number, so that only their number differs.
    fps: { type: 'string', default: '120' },
  },
});
const counts = [1, 2, 4, 8];
const script = asset('dist', 'tools', 'bench', 'cameras', 'subject.js');

try {
  const rounds: Outcome[][] = [];
  const progress = new Progress(Number(values.rounds) * counts.length);
  for (let round = 0; round < Number(values.rounds); round++) {
    const outcomes: Outcome[] = [];
    for (const cameras of counts) {
      progress.next(`round ${round + 1} of ${values.rounds}: cameras: ${cameras}`);
      const { fps, seconds } = values;
      const args = [script, '--cameras', String(cameras), '--fps', fps, '--seconds', seconds];
      outcomes.push(await runJson<Outcome>('env', [...launcher(), ...args]));
    }
    rounds.push(outcomes);
  }
  const rows = counts.map((cameras, i) => {
    const of = (what: (outcome: Outcome, one: Outcome) => number) =>
      inWords(spread(rounds.map((outcomes) => what(outcomes[i]!, outcomes[0]!))));
    return [
      String(cameras),
      of(({ inferred }, one) => inferred / one.inferred),
      of(({ least }) => least),
      of(({ most }) => most),
      of(({ totalMs }, one) => totalMs / one.totalMs),
      of(({ late, inferred }) => late / inferred),
    ];
  });
  console.log(`${values.rounds} rounds, in turns: medians, with the smallest and the largest.`);
  console.log(
    table([
      ['cameras', 'inferred, of one camera’s', 'least share', 'most share', 'latency, of one camera’s', 'late a look'],
      ...rows,
    ]),
  );
} catch (error) {
  printError(error);
  process.exit(1);
}
