import type { Sample } from '../store.ts';
import { Legend, Line, Plot } from './plot.tsx';
import { axisEnd, frameRates } from './series.ts';

const kinds = [
  { kind: 'in', name: 'came in', colour: '#8a93a3' },
  { kind: 'inferred', name: 'looked at', colour: '#f2a82b' },
  { kind: 'gated', name: 'nothing moved', colour: '#3fd0a4' },
  { kind: 'late', name: 'board busy', colour: '#b58cf2' },
  { kind: 'dropped', name: 'replaced by newer', colour: '#ff6b6b' },
] as const;

const perSecond = (value: number) => `${value < 10 ? value.toFixed(1) : Math.round(value)}/s`;

/** What becomes of the frames. */
export function FrameRates({ camera, history }: { camera: string; history: readonly Sample[] }) {
  const rates = frameRates(history, camera);
  const end = axisEnd(
    kinds.flatMap(({ kind }) => rates[kind]),
    5,
  );
  const now = rates.in.at(-1) ?? 0;
  return (
    <div class="card panel">
      <div class="panel-head">
        <h3>Pictures</h3>
        <strong class="big">{perSecond(now)}</strong>
      </div>
      <Plot label={`Pictures a second, now ${perSecond(now)}`} axis={{ end, text: perSecond }}>
        {kinds.map(({ kind, colour }) => (
          <Line key={kind} values={rates[kind]} end={end} colour={colour} />
        ))}
      </Plot>
      <Legend
        entries={kinds.map(({ kind, name, colour }) => ({ name, colour, value: perSecond(rates[kind].at(-1) ?? 0) }))}
      />
    </div>
  );
}
