import { useState } from 'preact/hooks';
import { LabelChips } from '../parts/label-chips.tsx';
import type { SectionProps } from './section.ts';

/** Which of the model's labels are watched. */
export function LabelPicker({ camera, save }: SectionProps) {
  const [filter, setFilter] = useState('');
  const [asks, setAsks] = useState(false);
  const { labels, known_labels } = camera;
  if (known_labels.length === 0) return <p class="muted">The model is still being loaded.</p>;
  const others = known_labels.filter(
    (label) => !labels.includes(label) && label.toLowerCase().includes(filter.trim().toLowerCase()),
  );
  const watch = (chosen: string[]) => {
    // An empty list would watch all of them: is that meant?
    setAsks(chosen.length === 0);
    if (chosen.length > 0) save({ detect: { labels: chosen, ...(asks && { enabled: true }) } });
  };
  const decide = (detect: { enabled: boolean } | { labels: string[] }) => {
    setAsks(false);
    save({ detect });
  };
  return (
    <>
      <div class="field">
        <span class="field-name">Watched ({labels.length})</span>
        <LabelChips name="Watched labels" labels={labels} chosen={labels} onChange={watch} />
        {asks && (
          <div role="alert" class="field">
            <span>Nothing would be watched then. What is meant?</span>
            <span class="chips">
              <button type="button" class="button" onClick={() => decide({ enabled: false })}>
                Detect nothing
              </button>
              <button type="button" class="button" onClick={() => decide({ labels: [] })}>
                Watch all {known_labels.length}
              </button>
            </span>
          </div>
        )}
      </div>
      <div class="field">
        <label class="field-name" for="label-filter">
          Add from {known_labels.length - labels.length} more
        </label>
        <input
          id="label-filter"
          type="search"
          placeholder="Search: dog, bicycle, bottle …"
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
        <div class="chips-scroll">
          <LabelChips
            name="Other labels"
            labels={others}
            chosen={[]}
            onChange={(chosen) => {
              setFilter('');
              watch([...labels, ...chosen]);
            }}
          />
        </div>
      </div>
    </>
  );
}
