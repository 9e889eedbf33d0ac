import type { CameraSettings } from '../../../protocol.ts';
import { capital } from '../format.ts';
import { LabelChips } from '../parts/label-chips.tsx';
import { asName } from '../parts/name.ts';
import { NumberField } from '../parts/number-field.tsx';
import { type ChangeDraft, type Draft, type fateOf, finished, minPoints, problemOf, withoutPoint } from './draft.ts';

export function RegionForm({
  draft,
  settings,
  labels,
  fate,
  corner,
  onChange,
  onTake,
  onCancel,
  onSave,
  onDelete,
}: {
  draft: Draft;
  settings: CameraSettings;
  labels: readonly string[];
  /** What others did to what it was made from. */
  fate: ReturnType<typeof fateOf>;
  /** The corner that was touched last. */
  corner: number | undefined;
  onChange: ChangeDraft;
  /** Goes on with what others made of it, or without it. */
  onTake(): void;
  onCancel(): void;
  onSave(): void;
  onDelete(): void;
}) {
  const { kind, name, original, seconds, points, drawing } = draft;
  const problem = problemOf(draft, settings);
  return (
    <form
      class="card panel form region-form"
      aria-label={original === undefined ? `New ${kind}` : `Change ${kind} ${original}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (!problem) onSave();
      }}
    >
      <h2>{original === undefined ? `New ${kind}` : `${capital(kind)} ${original}`}</h2>
      {fate !== 'same' && (
        <div class="elsewhere" role="alert">
          <span>
            {fate === 'deleted'
              ? `This ${kind} was ${kind === 'mask' ? 'changed or ' : ''}deleted elsewhere meanwhile. If you save, you are asked whether it comes back.`
              : `This ${kind} was changed elsewhere meanwhile. If you save, you are asked which one stays.`}
          </span>
          <button type="button" class="text-button" onClick={onTake}>
            {fate === 'deleted' ? 'Let it go' : 'Take that one'}
          </button>
        </div>
      )}
      {kind !== 'mask' && (
        <label class="field">
          <span class="field-name">Name</span>
          <input
            type="text"
            name="name"
            value={name}
            maxLength={32}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            onInput={(event) => {
              const text = asName(event.currentTarget.value);
              onChange((shape) => ({ ...shape, name: text }));
            }}
          />
        </label>
      )}
      {kind === 'mask' && (
        <p class="muted">Inside a mask nothing is detected and motion does not count: a tree, a road, a screen.</p>
      )}
      {kind === 'line' && points.length === 2 && (
        <button
          type="button"
          class="button"
          onClick={() => onChange((shape) => ({ ...shape, points: shape.points.toReversed() }))}
        >
          Reverse the direction
        </button>
      )}
      {kind === 'zone' && (
        <NumberField
          name="Seconds until it counts"
          help="How long an object's lower edge must be inside before it counts, and outside before it no longer does."
          value={seconds}
          least={0}
          most={60}
          onChange={(wanted) => onChange((shape) => ({ ...shape, seconds: wanted }))}
        />
      )}
      {kind !== 'mask' && labels.length > 0 && (
        <div class="field">
          <span class="field-name">Only these labels</span>
          <LabelChips
            name="Only these labels"
            labels={labels}
            chosen={draft.labels ?? []}
            onChange={(chosen) => onChange((shape) => ({ ...shape, labels: chosen.length > 0 ? chosen : undefined }))}
          />
          <span class="field-help">None selected: all.</span>
        </div>
      )}
      {drawing && points.length > 0 && (
        <button
          type="button"
          class="button"
          onClick={() => onChange((shape) => withoutPoint(shape, points.length - 1))}
        >
          Remove the last corner
        </button>
      )}
      {!drawing && corner !== undefined && points.length > minPoints[kind] && (
        <button type="button" class="button" onClick={() => onChange((shape) => withoutPoint(shape, corner))}>
          Remove corner {corner + 1}
        </button>
      )}
      <div class="form-end">
        {/* Beside the button that waits for it, which stays on a phone's screen. */}
        {problem && points.length >= minPoints[kind] && (
          <p class="field-error" role="alert">
            {problem}
          </p>
        )}
        {drawing && points.length >= minPoints[kind] && (
          <button type="button" class="button" onClick={() => onChange(finished)}>
            Close the shape
          </button>
        )}
        <button type="submit" class="button is-main" disabled={problem !== undefined}>
          Save
        </button>
        <button type="button" class="button" onClick={onCancel}>
          Cancel
        </button>
        {original !== undefined && (
          <button type="button" class="button is-danger" onClick={onDelete}>
            Delete
          </button>
        )}
      </div>
    </form>
  );
}
