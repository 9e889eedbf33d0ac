import { Slider } from '../parts/slider.tsx';
import type { SectionProps } from './section.ts';

/** Labels with their own threshold. */
export function Thresholds({ camera, save }: SectionProps) {
  const { threshold, thresholds } = camera.settings.detect;
  const without = (label: string) => Object.fromEntries(Object.entries(thresholds).filter(([one]) => one !== label));
  const free = camera.labels.filter((label) => !(label in thresholds));
  return (
    <div class="field">
      <span class="field-name">By label</span>
      {Object.entries(thresholds).map(([label, value]) => (
        <Slider
          key={label}
          name={`Threshold of ${label}`}
          value={value}
          onChange={(next) => save({ detect: { thresholds: { ...thresholds, [label]: next } } })}
          onRemove={() => save({ detect: { thresholds: without(label) } })}
        />
      ))}
      {free.length > 0 && (
        <select
          aria-label="Add a threshold for a label"
          value=""
          onChange={(event) => {
            const label = event.currentTarget.value;
            event.currentTarget.value = '';
            if (label) save({ detect: { thresholds: { ...thresholds, [label]: threshold } } });
          }}
        >
          <option value="">Add for a label …</option>
          {free.map((label) => (
            <option key={label} value={label}>
              {label}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}
