import type { CameraState, NodeState, NodeStats } from '../../protocol.ts';
import { Plot, type Series } from './plot.tsx';

const stageColours = {
  motion: '#8ecae6',
  queue: '#adb5bd',
  preprocess: '#219ebc',
  infer: '#19c37d',
  decode: '#ffb703',
  track: '#fb8500',
};
type Stage = keyof typeof stageColours;

/** How the camera and the board do, with the last two minutes as plots. */
export function Health({
  camera,
  state,
  stats,
}: {
  camera: CameraState;
  state: NodeState;
  stats: readonly NodeStats[];
}) {
  const now = stats.at(-1);
  const mine = now?.cameras[camera.name];
  if (!now || !mine) {
    return (
      <section aria-label="Health">
        <h2>Health</h2>
        <p class="quiet">Measuring …</p>
      </section>
    );
  }
  const of = (read: (stats: NodeStats) => number | undefined) => stats.map((one) => read(one) ?? 0);
  const stages: Series[] = (Object.keys(stageColours) as Stage[]).map((name) => ({
    name,
    colour: stageColours[name],
    values: of((one) => one.cameras[camera.name]?.times[name]),
  }));
  const perSecond = (read: (stats: NodeStats) => number | undefined) => {
    const totals = of(read);
    return totals.slice(1).map((value, i) => Math.max(0, value - totals[i]!));
  };
  const frames: Series[] = (
    [
      ['in', '#8ecae6'],
      ['inferred', '#19c37d'],
      ['gated', '#adb5bd'],
      ['dropped', '#ff5d5d'],
    ] as const
  ).map(([name, colour]) => ({ name, colour, values: perSecond((one) => one.cameras[camera.name]?.frames[name]) }));
  const { device } = mine;
  const facts: [string, string][] = [
    ['state', camera.status],
    ['source', camera.source?.title ?? camera.settings.source],
    ['picture', camera.source ? `${camera.source.width} × ${camera.source.height}` : '–'],
    ['frames', `${mine.frames.in}, ${mine.frames.dropped} dropped, ${device.corrupt} corrupt`],
    ['restarts', `${device.restarts}, ${device.stalls} after a stall`],
    ...(device.lastError ? ([['last error', device.lastError]] as [string, string][]) : []),
    ['model', state.model?.title ?? now.model],
    ['version', state.version],
  ];
  return (
    <section aria-label="Health">
      <h2>Health</h2>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Plot title="Time of a frame, by stage" unit="ms" series={stages} stacked />
      <Plot title="Frames a second" unit="" digits={0} series={frames} />
      <Plot
        title="Processor"
        unit="%"
        digits={0}
        series={[{ name: 'of one core', colour: '#19c37d', values: of((one) => one.cpuPercent) }]}
      />
      <Plot
        title="Memory"
        unit="MB"
        digits={0}
        series={[{ name: 'resident', colour: '#219ebc', values: of((one) => one.memory.residentMb) }]}
      />
      <Plot
        title="Event loop delay"
        unit="ms"
        series={[{ name: 'p99', colour: '#ffb703', values: of((one) => one.eventLoopDelayMs.p99) }]}
      />
      {now.temperature !== null && (
        <Plot
          title="Temperature"
          unit="°C"
          digits={0}
          series={[{ name: 'board', colour: '#ff5d5d', values: of((one) => one.temperature ?? undefined) }]}
        />
      )}
    </section>
  );
}
