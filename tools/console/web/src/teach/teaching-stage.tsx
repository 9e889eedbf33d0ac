import { useEffect, useRef, useState } from 'preact/hooks';
import type { CameraState, LiveHeader } from '../../../protocol.ts';
import { holdLook } from '../api.ts';
import { connection } from '../connection.ts';
import { Stage } from '../live/stage.tsx';
import { StageBar } from '../live/stage-bar.tsx';
import { Icon } from '../parts/icons.tsx';
import { click, isTouch } from '../parts/pointer.ts';
import { tell } from '../parts/toasts.tsx';
import { type BoxShares, BoxSurface } from './box-surface.tsx';
import { type Pointed, TeachSheet } from './teach-sheet.tsx';
import { TrackTargets } from './track-targets.tsx';
import { type ViewPart, ViewSheet } from './view-sheet.tsx';
import { ViewStates } from './view-states.tsx';

const wish = { maxHeight: 16, fps: 1 };

/** A camera's live picture, on which objects are clicked to name them. */
export function TeachingStage({ camera }: { camera: CameraState }) {
  const { name } = camera;
  const header = useRef<LiveHeader | undefined>(undefined);
  const [pointed, setPointed] = useState<Pointed>();
  /** The box drawn last. */
  const [part, setPart] = useState<ViewPart>();
  const [drawing, setDrawing] = useState(false);
  const [view, setView] = useState<{ part?: ViewPart }>();
  useEffect(
    () =>
      connection.watch(name, wish, (picture) => {
        header.current = picture.header;
      }),
    [name],
  );
  const drawn = async (share: BoxShares) => {
    setDrawing(false);
    const [x1, y1, x2, y2] = share;
    const { width, height } = header.current ?? { width: 0, height: 0 };
    try {
      // Stored now: what is in the box may be gone once it is named.
      const { id, looks } = await holdLook(name, [x1 * width, y1 * height, x2 * width, y2 * height]);
      setPointed({ camera: name, look: id!, looks });
      setPart({ share, picture: looks[0]!.url });
    } catch (error) {
      tell('bad', (error as Error).message);
    }
  };
  return (
    <section class="card stage-card" aria-label={`Camera ${name}`}>
      <Stage camera={camera}>
        {drawing ? (
          <BoxSurface onDrawn={drawn} onCancel={() => setDrawing(false)} />
        ) : (
          camera.status === 'online' && <TrackTargets camera={name} onTeach={setPointed} />
        )}
      </Stage>
      <StageBar camera={camera} />
      <ViewStates camera={camera} />
      <div class="teach-bar">
        <p class="muted" role="status">
          {drawing
            ? `Drag a box around it.${isTouch ? '' : ' Keys: arrows, Space, Escape.'}`
            : `${click} a box to say what it is.`}
        </p>
        <button type="button" class="button" aria-pressed={drawing} onClick={() => setDrawing(!drawing)}>
          <Icon name={drawing ? 'close' : 'box'} />
          {drawing ? 'Do not draw' : 'Draw a box'}
        </button>
        <button type="button" class="button" onClick={() => setView({})}>
          <Icon name="taught" />
          This view is …
        </button>
      </div>
      {pointed && (
        <TeachSheet
          of={pointed}
          {...(part && 'look' in pointed && { onState: () => setView({ part }) })}
          onClose={() => setPointed(undefined)}
        />
      )}
      {view && <ViewSheet camera={camera} {...view} onClose={() => setView(undefined)} />}
    </section>
  );
}
