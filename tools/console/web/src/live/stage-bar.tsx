import { useRef } from 'preact/hooks';
import type { CameraState } from '../../../protocol.ts';
import { DetectionOff } from '../parts/detection-off.tsx';
import { Icon } from '../parts/icons.tsx';
import { store, useStore } from '../store.ts';

const words = { online: 'Live', offline: 'Offline', disabled: 'Off' } as const;

/** A line below the stage about what it shows. */
export function StageBar({ camera, small }: { camera: CameraState; small?: boolean }) {
  const bar = useRef<HTMLDivElement>(null);
  const fps = useStore((state) => state.history.at(-1)?.stats.cameras[camera.name]?.fps);
  const looks = useStore((state) => state.looks);
  const opened = camera.source.opened;
  const fullScreen = () => bar.current?.parentElement?.querySelector('.stage')?.requestFullscreen();
  return (
    <div class="stage-bar" ref={bar}>
      <span class={`pill is-${camera.status}`}>
        <span class={`dot is-${camera.status}`} />
        {words[camera.status]}
      </span>
      <span class="stage-name">{camera.name}</span>
      <DetectionOff camera={camera} />
      {!small && opened && (
        <span class="stage-facts">
          {opened.title} · {opened.width} × {opened.height}
          {fps && ` · ${fps.in.toFixed(0)} fps`}
        </span>
      )}
      {camera.status === 'online' && (
        <span class={`motion ${camera.moving ? 'is-moving' : ''}`}>
          <span class="motion-bars" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {camera.moving ? 'Motion' : 'Still'}
        </span>
      )}
      {!small && (
        <span class="stage-tools">
          <button
            type="button"
            class={`icon-button ${looks ? 'is-on' : ''}`}
            aria-pressed={looks}
            onClick={() => store.set({ looks: !looks })}
            aria-label="Show where the network looks"
            title="Show where the network looks"
          >
            <Icon name="box" />
          </button>
          <a
            class="icon-button"
            href={`/api/cameras/${encodeURIComponent(camera.name)}/snapshot.jpg`}
            target="_blank"
            rel="noreferrer"
            aria-label="Open a still picture"
            title="Still picture"
          >
            <Icon name="picture" />
          </a>
          <button
            type="button"
            class="icon-button"
            onClick={fullScreen}
            aria-label="Fill the screen"
            title="Fill the screen"
          >
            <Icon name="expand" />
          </button>
        </span>
      )}
    </div>
  );
}
