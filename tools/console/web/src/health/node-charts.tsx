import type { NodeStats } from '../../../protocol.ts';
import { milliseconds } from '../format.ts';
import type { Sample } from '../store.ts';
import { Area, Line, Plot } from './plot.tsx';
import { axisEnd } from './series.ts';

interface Chart {
  title: string;
  help: string;
  colour: string;
  /** Minimum end of the axis. */
  least: number;
  read(stats: NodeStats): number | null;
  text(value: number): string;
  /** Not shown where it is not known. */
  isOptional?: boolean;
}

const charts: readonly Chart[] = [
  {
    title: 'Processor',
    help: '100 % is one core',
    colour: '#f2a82b',
    least: 100,
    read: (stats) => stats.cpu_percent,
    text: (value) => `${Math.round(value)} %`,
  },
  {
    title: 'Memory',
    help: 'used by Ocellus',
    colour: '#6fb1ff',
    least: 200,
    read: (stats) => stats.memory.resident_mb,
    text: (value) => `${Math.round(value)} MB`,
  },
  {
    title: 'Temperature',
    help: 'of the board',
    colour: '#ff7b93',
    least: 80,
    read: (stats) => stats.temperature,
    text: (value) => `${Math.round(value)} °C`,
    // Most PCs do not report it.
    isOptional: true,
  },
  {
    title: 'Delay',
    help: 'of 1 answer in 100',
    colour: '#3fd0a4',
    least: 20,
    read: (stats) => stats.event_loop_delay_ms.p99,
    text: milliseconds,
  },
  {
    title: 'Written',
    help: 'to disk in 24 hours',
    colour: '#c79bff',
    least: 10,
    read: ({ disk }) => disk && disk.last_day / 1e6,
    text: (value) => `${value.toFixed(1)} MB`,
    isOptional: true,
  },
  {
    title: 'Card life',
    help: 'at this rate of writing',
    colour: '#9ad1a0',
    least: 10,
    read: ({ disk }) => disk?.years_left ?? null,
    // Not more than 1000 are told.
    text: (value) => (value < 1000 ? `${value} years` : '1000 years or more'),
    isOptional: true,
  },
];

export function NodeCharts({ history }: { history: readonly Sample[] }) {
  return (
    <div class="node-charts">
      {charts.map((chart) => (
        <NodeChart key={chart.title} chart={chart} history={history} />
      ))}
    </div>
  );
}

function NodeChart({ chart, history }: { chart: Chart; history: readonly Sample[] }) {
  const { title, help, colour, least, read, text, isOptional } = chart;
  const values = history.flatMap(({ stats }) => read(stats) ?? []);
  const now = values.at(-1);
  if (now === undefined && isOptional) return null;
  const end = axisEnd(values, least);
  const shown = now === undefined ? '–' : text(now);
  return (
    <section class="card panel" aria-label={title}>
      <div class="panel-head">
        <h3>
          {title} <span class="muted">{help}</span>
        </h3>
        <strong class="big">{shown}</strong>
      </div>
      <Plot label={`${title}, now ${shown}`} axis={{ end, text }}>
        <g opacity="0.22">
          <Area low={values.map(() => 0)} high={values} end={end} colour={colour} />
        </g>
        <Line values={values} end={end} colour={colour} />
      </Plot>
    </section>
  );
}
