import type { CameraState } from '../../protocol.ts';
import { type Draft, freeName, type Kind, namePattern, type Point, placed } from './shapes.ts';

const words: Record<Kind, string> = { zone: 'zone', line: 'counting line', mask: 'mask' };
const hints: Record<Kind, string> = {
  zone: 'Objects whose bottom centre is inside are counted there.',
  line: 'Crossings are counted by direction.',
  mask: 'What is under a mask is not watched.',
};

/** The list of a camera's shapes, and what is done with the draft. */
export function ShapeEditor({
  camera,
  draft,
  onDraft,
  onSave,
  onDelete,
}: {
  camera: CameraState;
  draft: Draft | undefined;
  onDraft: (draft: Draft | undefined) => void;
  onSave: (draft: Draft) => void;
  onDelete: (kind: Kind, key: string) => void;
}) {
  const { settings } = camera;
  if (draft) return <DraftForm draft={draft} onDraft={onDraft} onSave={onSave} />;
  const begin = (kind: Kind, points: Point[]) =>
    onDraft({ kind, name: freeName(kind, settings), points, open: points.length === 0 });
  const shapes: { kind: Kind; key: string; title: string; points: Point[] }[] = [
    ...Object.entries(settings.zones).map(([key, { polygon }]) => ({
      kind: 'zone' as const,
      key,
      title: key,
      points: polygon,
    })),
    ...Object.entries(settings.lines).map(([key, { from, to }]) => ({
      kind: 'line' as const,
      key,
      title: key,
      points: [from, to],
    })),
    ...settings.masks.map((points, i) => ({ kind: 'mask' as const, key: String(i), title: `mask ${i + 1}`, points })),
  ];
  return (
    <section aria-label="Zones, lines and masks">
      <h2>Zones, lines and masks</h2>
      {shapes.length === 0 && <p class="quiet">None yet. A zone counts what stands in a part of the picture.</p>}
      <ul class="rows">
        {shapes.map(({ kind, key, title, points }) => (
          <li key={`${kind} ${key}`}>
            <span class={`swatch ${kind}`} />
            <span class="grow">
              {title} <small class="quiet">{words[kind]}</small>
            </span>
            <button
              type="button"
              onClick={() => onDraft({ kind, name: title, points, open: false, before: key })}
              aria-label={`Edit ${title}`}
            >
              Edit
            </button>
            <button type="button" class="danger" onClick={() => onDelete(kind, key)} aria-label={`Delete ${title}`}>
              Delete
            </button>
          </li>
        ))}
      </ul>
      <div class="buttons">
        {(['zone', 'line', 'mask'] as const).map((kind) => (
          <button type="button" key={kind} title={hints[kind]} onClick={() => begin(kind, [])}>
            Draw a {words[kind]}
          </button>
        ))}
      </div>
      <div class="buttons">
        <button type="button" class="plain" onClick={() => begin('zone', placed('zone'))}>
          Place a zone without a mouse
        </button>
        <button type="button" class="plain" onClick={() => begin('line', placed('line'))}>
          … a line
        </button>
      </div>
    </section>
  );
}

function DraftForm({
  draft,
  onDraft,
  onSave,
}: {
  draft: Draft;
  onDraft: (draft: Draft | undefined) => void;
  onSave: (draft: Draft) => void;
}) {
  const { kind, open, name } = draft;
  return (
    <section aria-label="Shape">
      <h2>
        {draft.before === undefined ? 'New' : 'Edit'} {words[kind]}
      </h2>
      <p class="quiet" role="status">
        {open
          ? kind === 'line'
            ? 'Click where it begins and where it ends.'
            : 'Click the corners in the picture; click the first one again (or press Enter) to close.'
          : 'Drag the corners, or move them with Tab and the arrow keys. Double-click removes one.'}
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onSave(draft);
        }}
      >
        {kind !== 'mask' && (
          <label class="field">
            Name
            <input
              value={name}
              required
              pattern={namePattern}
              title="Small letters, digits, _ and -"
              onInput={(event) => onDraft({ ...draft, name: event.currentTarget.value })}
            />
          </label>
        )}
        <div class="buttons">
          <button type="submit" class="main" disabled={open}>
            Save
          </button>
          <button type="button" onClick={() => onDraft(undefined)}>
            Cancel
          </button>
        </div>
      </form>
    </section>
  );
}
