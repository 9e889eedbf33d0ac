import type { CameraState } from '../../../protocol.ts';
import { CameraTabs } from '../parts/camera-tabs.tsx';
import { NoCamera } from '../parts/no-camera.tsx';
import { linkTo } from '../route.ts';
import { useStore } from '../store.ts';
import { TeachingStage } from '../teach/teaching-stage.tsx';
import { useTeachable } from '../teach/use-teachable.ts';
import { ViewStates } from '../teach/view-states.tsx';
import { InView } from './in-view.tsx';
import { MqttCard } from './mqtt-card.tsx';
import { RecentEvents } from './recent-events.tsx';
import { SourceNote } from './source-note.tsx';
import { Stage } from './stage.tsx';
import { StageBar } from './stage-bar.tsx';

/** What the cameras see now. */
export function LiveView({ camera }: { camera: string | undefined }) {
  const cameras = useStore((state) => state.cameras);
  if (cameras.length === 0) {
    return (
      <>
        <h1 class="visually-hidden">Live</h1>
        <NoCamera />
      </>
    );
  }
  const one = cameras.length === 1 ? cameras[0] : cameras.find(({ name }) => name === camera);
  return (
    <>
      <h1 class="visually-hidden">Live</h1>
      <CameraTabs view="live" camera={one?.name} all />
      <div class="live-layout">
        <div class="live-main">
          {one ? (
            <OneCamera key={one.name} camera={one} />
          ) : (
            <div class="stage-grid">
              {cameras.map((each) => (
                <a
                  key={each.name}
                  class="card stage-card"
                  href={linkTo('live', each.name)}
                  aria-label={`Camera ${each.name}`}
                >
                  <Stage camera={each} small />
                  <StageBar camera={each} small />
                  <ViewStates camera={each} />
                </a>
              ))}
            </div>
          )}
          {one && <SourceNote camera={one} />}
        </div>
        <aside class="live-side">
          <InView cameras={one ? [one] : cameras} />
          <RecentEvents camera={one?.name} />
          <MqttCard />
        </aside>
      </div>
    </>
  );
}

function OneCamera({ camera }: { camera: CameraState }) {
  if (useTeachable(camera.name)) return <TeachingStage camera={camera} />;
  return (
    <section class="card stage-card" aria-label={`Camera ${camera.name}`}>
      <Stage camera={camera} />
      <StageBar camera={camera} />
    </section>
  );
}
