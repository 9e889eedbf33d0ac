import { useState } from 'preact/hooks';
import type { CameraChange, CameraState } from '../../../protocol.ts';
import { changeCamera } from '../api.ts';
import { Stage } from '../live/stage.tsx';
import { CameraTabs } from '../parts/camera-tabs.tsx';
import { Empty } from '../parts/empty.tsx';
import { tell } from '../parts/toasts.tsx';
import { useStore } from '../store.ts';
import { type ChangeDraft, changeWith, changeWithout, type Draft, draftOf, type Kind, newDraft } from './draft.ts';
import { RegionForm } from './region-form.tsx';
import { RegionList } from './region-list.tsx';
import { RegionSurface } from './region-surface.tsx';

/** Draws and edits zones, lines and masks on the live picture. */
export function ZonesView({ camera }: { camera: string | undefined }) {
  const cameras = useStore((state) => state.cameras);
  const chosen = cameras.find(({ name }) => name === camera) ?? cameras[0];
  return (
    <>
      <h1>Zones</h1>
      <CameraTabs view="zones" camera={chosen?.name} />
      {chosen ? (
        <RegionEditor key={chosen.name} camera={chosen} />
      ) : (
        <Empty icon="zones" title="No camera yet">
          Zones are drawn on the picture of a camera.
        </Empty>
      )}
    </>
  );
}

function RegionEditor({ camera }: { camera: CameraState }) {
  const [draft, setDraft] = useState<Draft>();
  const { settings, name } = camera;
  const change: ChangeDraft = (next) => setDraft((now) => now && next(now));

  const save = async (wanted: CameraChange, told: string) => {
    try {
      await changeCamera(name, wanted);
      setDraft(undefined);
      tell('good', told);
    } catch (error) {
      tell('bad', (error as Error).message);
    }
  };
  const select = (kind: Kind, region: string) => setDraft(draftOf(kind, region, settings));

  return (
    <div class="zones-layout">
      <section class="card stage-card" aria-label={`Zones of ${name}`}>
        <Stage camera={camera} regions={false}>
          <RegionSurface settings={settings} draft={draft} onChange={change} onSelect={select} />
        </Stage>
        <p class="zones-hint" role="status">
          {hintFor(draft)}
        </p>
      </section>
      <aside class="live-side">
        {draft ? (
          <RegionForm
            draft={draft}
            settings={settings}
            labels={camera.labels}
            onChange={change}
            onCancel={() => setDraft(undefined)}
            onSave={() =>
              save(changeWith(draft, settings), draft.kind === 'mask' ? 'Mask saved' : `${draft.name} saved`)
            }
            onDelete={() => save(changeWithout(draft, settings), 'Deleted')}
          />
        ) : (
          <RegionList camera={camera} onAdd={(kind) => setDraft(newDraft(kind, settings))} onSelect={select} />
        )}
      </aside>
    </div>
  );
}

function hintFor(draft: Draft | undefined): string {
  if (!draft) return 'Choose a zone, line or mask to change it, or add one.';
  if (!draft.drawing) return 'Drag the corners. A small dot adds one; Delete removes the one in focus.';
  if (draft.kind === 'line')
    return 'Click where the line begins and where it ends. With the keyboard: arrows and Space.';
  return draft.points.length < 3
    ? 'Click the corners. With the keyboard: arrows move the cross, Space sets a corner.'
    : 'Click the first corner, double-click, or press Enter to close the shape.';
}
