import { useEffect, useState } from 'preact/hooks';
import type { CameraChange, CameraState } from '../../protocol.ts';

type Change = (change: CameraChange) => void;

/** What can be set while the camera runs. */
export function Settings({
  camera,
  labels,
  onChange,
}: {
  camera: CameraState;
  labels: readonly string[];
  onChange: Change;
}) {
  const { detect, motion, snapshots, enabled } = camera.settings;
  const watched = detect.labels.length > 0 ? detect.labels : labels;
  return (
    <section aria-label="Settings">
      <h2>Settings of {camera.name}</h2>
      <Switch title="Camera" hint="Off: it is not read at all" on={enabled} set={(on) => onChange({ enabled: on })} />
      <Switch
        title="Detection"
        hint="Off: the picture is shown, nothing is looked for"
        on={detect.enabled}
        set={(on) => onChange({ detect: { enabled: on } })}
      />
      <Slider
        title="Threshold"
        hint="The least score of an object"
        value={detect.threshold}
        set={(threshold) => onChange({ detect: { threshold } })}
      />
      <Switch
        title="Motion gate"
        hint="Skips the network while nothing moves"
        on={motion.enabled}
        set={(on) => onChange({ motion: { enabled: on } })}
      />
      <Slider
        title="Motion sensitivity"
        hint="How little motion is enough"
        value={motion.sensitivity}
        set={(sensitivity) => onChange({ motion: { sensitivity } })}
      />
      <Switch
        title="Snapshots"
        hint="A picture with each event"
        on={snapshots.enabled}
        set={(on) => onChange({ snapshots: { enabled: on } })}
      />
      <Labels
        watched={watched}
        labels={labels}
        thresholds={detect.thresholds}
        fallback={detect.threshold}
        onChange={onChange}
      />
      <p class="quiet">Changes are written to ocellus.yaml, with all the other settings.</p>
    </section>
  );
}

function Switch({ title, hint, on, set }: { title: string; hint: string; on: boolean; set: (on: boolean) => void }) {
  return (
    <label class="setting">
      <span class="grow">
        {title}
        <small class="quiet">{hint}</small>
      </span>
      <input type="checkbox" checked={on} onChange={(event) => set(event.currentTarget.checked)} />
    </label>
  );
}

function Slider({
  title,
  hint,
  value,
  set,
}: {
  title: string;
  hint?: string;
  value: number;
  set: (value: number) => void;
}) {
  // Follows the hand at once, and the settings when they change elsewhere.
  const [shown, setShown] = useState(value);
  useEffect(() => setShown(value), [value]);
  return (
    <label class="setting slider">
      <span class="grow">
        {title}
        {hint && <small class="quiet">{hint}</small>}
      </span>
      <input
        type="range"
        min="0"
        max="1"
        step="0.01"
        value={shown}
        aria-label={title}
        onInput={(event) => setShown(Number(event.currentTarget.value))}
        onChange={(event) => set(Number(event.currentTarget.value))}
      />
      <output>{Math.round(shown * 100)} %</output>
    </label>
  );
}

function Labels({
  watched,
  labels,
  thresholds,
  fallback,
  onChange,
}: {
  watched: readonly string[];
  labels: readonly string[];
  thresholds: Readonly<Record<string, number>>;
  fallback: number;
  onChange: Change;
}) {
  const others = labels.filter((label) => !watched.includes(label)).sort();
  const own = watched.filter((label) => label in thresholds);
  return (
    <>
      <h3>Watched labels</h3>
      <ul class="chips">
        {watched.map((label) => (
          <li key={label}>
            <button
              type="button"
              class="plain"
              title={`A threshold of its own for ${label}`}
              disabled={label in thresholds}
              onClick={() => onChange({ detect: { thresholds: { ...thresholds, [label]: fallback } } })}
            >
              {label}
            </button>
            <button
              type="button"
              class="plain"
              disabled={watched.length === 1}
              aria-label={`Do not watch ${label}`}
              onClick={() => onChange({ detect: { labels: watched.filter((one) => one !== label) } })}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <select
          value=""
          aria-label="Watch another label"
          onChange={(event) => {
            const { value } = event.currentTarget;
            if (value) onChange({ detect: { labels: [...watched, value] } });
          }}
        >
          <option value="">Watch another label …</option>
          {others.map((label) => (
            <option key={label}>{label}</option>
          ))}
        </select>
      )}
      {own.map((label) => (
        <div class="own" key={label}>
          <Slider
            title={`Threshold of ${label}`}
            value={thresholds[label]!}
            set={(value) => onChange({ detect: { thresholds: { ...thresholds, [label]: value } } })}
          />
          <button
            type="button"
            class="plain"
            aria-label={`No threshold of its own for ${label}`}
            onClick={() => {
              const { [label]: _, ...rest } = thresholds;
              onChange({ detect: { thresholds: rest } });
            }}
          >
            ×
          </button>
        </div>
      ))}
    </>
  );
}
