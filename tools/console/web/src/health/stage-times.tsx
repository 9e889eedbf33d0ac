import { milliseconds } from '../format.ts';
import type { Sample } from '../store.ts';
import { Area, Legend, Plot } from './plot.tsx';
import { axisEnd, cameraSeries, type Stage, stacked, stages } from './series.ts';

const looks: Record<Stage, { name: string; colour: string }> = {
  motion: { name: 'looking for motion', colour: '#4fd6ee' },
  queue: { name: 'waiting', colour: '#8a93a3' },
  preprocess: { name: 'scaling', colour: '#6fb1ff' },
  infer: { name: 'network', colour: '#f2a82b' },
  decode: { name: 'reading the network', colour: '#c79bff' },
  track: { name: 'tracking', colour: '#3fd0a4' },
};

/** Where the time of a frame that runs through the network goes. */
export function StageTimes({ camera, history }: { camera: string; history: readonly Sample[] }) {
  const series = cameraSeries(history, camera);
  const layers = stacked(stages.map((stage) => series.map(({ times }) => times[stage])));
  const end = axisEnd(layers.at(-1)?.high ?? [], 5);
  const now = series.at(-1)?.times;
  return (
    <div class="card panel">
      <div class="panel-head">
        <h3>Time of a picture</h3>
        <strong class="big">{milliseconds(now?.total ?? 0)}</strong>
      </div>
      <Plot
        label={`Time of a frame by stage, now ${milliseconds(now?.total ?? 0)} in total`}
        axis={{ end, text: milliseconds }}
      >
        {stages.map((stage, index) => (
          <Area key={stage} {...layers[index]!} end={end} colour={looks[stage].colour} />
        ))}
      </Plot>
      <Legend entries={stages.map((stage) => ({ ...looks[stage], value: milliseconds(now?.[stage] ?? 0) }))} />
    </div>
  );
}
