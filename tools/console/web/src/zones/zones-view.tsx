import { useEffect, useRef, useState } from 'preact/hooks';
import type { CameraState } from '../../../protocol.ts';
import { Stage } from '../live/stage.tsx';
import { CameraTabs } from '../parts/camera-tabs.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { NoCamera } from '../parts/no-camera.tsx';
import { click, isTouch } from '../parts/pointer.ts';
import { tell } from '../parts/toasts.tsx';
import { useBack } from '../parts/use-back.ts';
import { ClashSheet } from '../save/clash-sheet.tsx';
import { Elsewhere } from '../save/elsewhere.tsx';
import { ClashError, saveCamera } from '../save/save-camera.ts';
import { useStore } from '../store.ts';
import {
  type ChangeDraft,
  changeWith,
  changeWithout,
  type Draft,
  draftOf,
  fateOf,
  type Kind,
  newDraft,
  renumbered,
  seenWith,
} from './draft.ts';
import { isChanged, keptDrafts } from './kept-drafts.ts';
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
        <NoCamera>Zones are drawn on the picture of a camera.</NoCamera>
      )}
    </>
  );
}

function RegionEditor({ camera }: { camera: CameraState }) {
  const { settings, name } = camera;
  const [draft, setDraft] = useState<Draft | undefined>(() => keptDrafts.get(name));
  const [corner, setCorner] = useState<number>();
  const [deleting, setDeleting] = useState(false);
  /** What comes after what is not saved, once that is given up. */
  const [leaving, setLeaving] = useState<{ next: Draft | undefined }>();
  const change: ChangeDraft = (next) => setDraft((now) => now && next(now));
  const changed = isChanged(draft, settings);
  const now = useRef(changed);
  now.current = changed;
  useEffect(() => {
    keptDrafts.set(name, changed ? draft : undefined);
    if (corner !== undefined && corner >= (draft?.points.length ?? 0)) setCorner(undefined);
  }, [draft, changed]);
  useEffect(
    () => () => {
      if (now.current && !saving.current) tell('bad', `Not saved yet: it waits under Zones of ${name}.`);
    },
    [],
  );
  /** Who leaves meanwhile is not told that it is not saved. */
  const saving = useRef(false);
  const goTo = (next: Draft | undefined) => {
    setDraft(next);
    setCorner(undefined);
  };
  /** @returns False where somebody is asked first. */
  const leave = (next: Draft | undefined): boolean => {
    if (changed) setLeaving({ next });
    else goTo(next);
    return !changed;
  };
  useBack(draft !== undefined, () => leave(undefined));

  const fate = draft ? fateOf(draft, settings) : 'same';
  useEffect(() => {
    // What is saved from here is no change of others.
    if (!draft || saving.current) return;
    // By functions of it: what was saved and closed meanwhile must not come back.
    if (fate === 'same') setDraft((now) => now && renumbered(now, settings));
    else if (!changed) {
      // Nothing of this page is lost: it follows.
      if (fate === 'deleted') tell('bad', `The ${draft.kind} ${draft.original} was deleted elsewhere.`);
      setDraft((now) => now && draftOf(now.kind, now.original!, settings));
      setCorner(undefined);
    }
  }, [camera.revision]);
  /** What others have changed as well, with what saves it all the same. */
  const [clash, setClash] = useState<{ error: ClashError; again(): void }>();
  const saved = (told: string) => {
    // Who leaves before this is shown has nothing unsaved either.
    now.current = false;
    keptDrafts.set(name, undefined);
    goTo(undefined);
    tell('good', told);
  };
  /** @param seen The camera as it was for who drew this. */
  const save = async (edit: typeof changeWith, shape: Draft, told: string, seen: CameraState) => {
    saving.current = true;
    try {
      await saveCamera(edit(shape, seen.settings), seen);
      saved(told);
    } catch (error) {
      if (error instanceof ClashError) {
        const { now: there } = error;
        // To save it all the same is a change of what is there now.
        const again = () =>
          saveCamera(edit(shape, seenWith(shape, there.settings)), there).then(
            () => saved(told),
            ({ message }: Error) => tell('bad', message),
          );
        setClash({ error, again });
      } else tell('bad', (error as Error).message);
    } finally {
      saving.current = false;
    }
  };
  const seenBy = (shape: Draft): CameraState => ({ ...camera, settings: seenWith(shape, settings) });
  const select = (kind: Kind, region: string) => leave(draftOf(kind, region, settings));

  return (
    <div class="zones-layout">
      <section class="card stage-card" aria-label={`Zones of ${name}`}>
        <Stage camera={camera} regions={false}>
          <RegionSurface
            settings={settings}
            draft={draft}
            corner={corner}
            onCorner={setCorner}
            onChange={change}
            onEscape={() => leave(undefined)}
            onSelect={select}
          />
        </Stage>
        <p class="zones-hint" role="status">
          {hintFor(draft)}
        </p>
      </section>
      <aside class="live-side">
        <Elsewhere camera={camera} />
        {draft ? (
          <RegionForm
            draft={draft}
            settings={settings}
            labels={camera.labels}
            fate={fate}
            onTake={() => goTo(draftOf(draft.kind, draft.original!, settings))}
            corner={corner}
            onChange={change}
            onCancel={() => leave(undefined)}
            onSave={() =>
              save(changeWith, draft, draft.kind === 'mask' ? 'Mask saved' : `${draft.name} saved`, seenBy(draft))
            }
            onDelete={() => setDeleting(true)}
          />
        ) : (
          <RegionList camera={camera} onAdd={(kind) => goTo(newDraft(kind, settings))} onSelect={select} />
        )}
      </aside>
      {draft && deleting && (
        <Confirm
          title={`Delete ${draft.kind} ${draft.original}?`}
          action="Delete it"
          onYes={() => save(changeWithout, draft, 'Deleted', seenBy(draft))}
          onClose={() => setDeleting(false)}
        >
          {draft.kind === 'mask' ? 'That part of the picture is watched again.' : 'Nothing is counted there any more.'}
        </Confirm>
      )}
      {clash && (
        <ClashSheet
          camera={name}
          clashes={clash.error.clashes}
          onTheirs={() => goTo(undefined)}
          onMine={clash.again}
          onClose={() => setClash(undefined)}
        />
      )}
      {leaving && (
        <Confirm
          title="Give up what is not saved?"
          action="Give it up"
          onYes={() => goTo(leaving.next)}
          onClose={() => setLeaving(undefined)}
        >
          What you drew or changed here was not saved.
        </Confirm>
      )}
    </div>
  );
}

function hintFor(draft: Draft | undefined): string {
  if (!draft) return 'Choose a zone, line or mask to change it, or add one.';
  if (!draft.drawing)
    return `Drag the corners. A small dot adds one; touch one to remove it${byKeys(', or press Delete')}.`;
  if (draft.kind === 'line')
    return `${click} where the line begins and where it ends.${byKeys(' With the keyboard: arrows and Space.')}`;
  return draft.points.length < 3
    ? `${click} the corners.${byKeys(' With the keyboard: arrows move the cross, Space sets a corner.')}`
    : `${click} the first corner${byKeys(', double-click, or press Enter')} to close the shape.`;
}

/** Fingers have no keys. */
const byKeys = (text: string) => (isTouch ? '' : text);
