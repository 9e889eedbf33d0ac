import { duration } from '../format.ts';
import { useStore } from '../store.ts';
import { BoardCard } from './board-card.tsx';
import { DeviceCard } from './device-card.tsx';
import { FrameRates } from './frame-rates.tsx';
import { NodeCharts } from './node-charts.tsx';
import { OutboxCard } from './outbox-card.tsx';
import { SizesCard } from './sizes-card.tsx';
import { StageTimes } from './stage-times.tsx';
import { VerdictCard } from './verdict-card.tsx';

/** How the board and its cameras are. */
export function HealthView() {
  const cameras = useStore((state) => state.cameras);
  const history = useStore((state) => state.history);
  const mqtt = useStore((state) => state.mqtt);
  const about = useStore((state) => state.console);
  const now = history.at(-1)?.stats;
  return (
    <>
      <h1>Health</h1>
      <p class="lead">
        {about?.node} · Ocellus {about?.version}
        {now && ` · ${now.model} · up for ${duration(now.uptime_seconds)}`}
      </p>
      <VerdictCard />
      <h2 class="section-title">The board</h2>
      <NodeCharts history={history} />
      {now && <BoardCard stats={now} />}
      {mqtt && <OutboxCard mqtt={mqtt} />}
      {cameras.map((camera) => (
        <section key={camera.name} class="health-camera" aria-label={`Health of ${camera.name}`}>
          <h2 class="section-title">{camera.name}</h2>
          <div class="health-grid">
            <DeviceCard camera={camera} stats={now?.cameras[camera.name]} />
            <StageTimes camera={camera.name} history={history} />
            <FrameRates camera={camera.name} history={history} />
            <SizesCard camera={camera} />
          </div>
        </section>
      ))}
    </>
  );
}
