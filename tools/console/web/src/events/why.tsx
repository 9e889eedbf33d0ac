import { useState } from 'preact/hooks';
import type { FateState, WhyState } from '../../../protocol.ts';
import { fetchWhy } from '../api.ts';
import { colourOf } from '../colours.ts';
import { count, duration, percent } from '../format.ts';
import { usePolled } from '../parts/use-polled.ts';

const everyMs = 3000;

const words: Readonly<Record<FateState['fate'], (of: FateState) => string>> = {
  told: ({ zones }) => (zones.length > 0 ? `Told, in ${zones.join(', ')}` : 'Told'),
  at_rest: () => 'Told, and at rest since: no news of it until it moves',
  outside_zones: () => 'Told, but it was in none of the zones',
  median_below: ({ median, threshold }) =>
    `Not told: its usual score, ${percent(median)}, is below the threshold, ${percent(threshold)}`,
  score_below: ({ score, threshold }) =>
    `Not told: its best score, ${percent(score)}, is too far below the threshold, ${percent(threshold)}`,
  too_brief: () => 'Not told: it was seen too briefly',
  mask: () => 'Not told: it stood in a mask',
  unwatched: () => 'Not told: this label is not watched',
};

/** Why something was not told: what became of each object of the last minutes. Asked for only while it is open. */
export function Why({ camera, named }: { camera: string; named: boolean }) {
  const [isOpen, setOpen] = useState(false);
  const why = usePolled(fetchWhy, isOpen ? camera : undefined, everyMs);
  return (
    <details class="card panel why" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Why did nothing happen?{named && ` (${camera})`}</summary>
      {why && (
        <>
          <p class="muted">{looked(why)}</p>
          <ul class="fates" aria-label={`What became of what ${camera} saw`}>
            {why.objects.map((one, i) => (
              <li key={i} data-fate={one.fate} style={{ '--label': colourOf(one.label) }}>
                <span class="swatch" />
                <strong>{one.label}</strong>
                <span class="muted">{duration(one.ago)} ago</span>
                <span>{words[one.fate](one)}.</span>
              </li>
            ))}
          </ul>
          {why.objects.length === 0 && <p class="muted">The network has seen nothing that it knows.</p>}
        </>
      )}
    </details>
  );
}

function looked({ seconds, frames }: WhyState): string {
  if (frames.in === 0) return 'No picture has come from this camera lately.';
  const not = [
    ...(frames.still > 0 ? [`${count(frames.still)} were not, since nothing moved`] : []),
    ...(frames.busy > 0 ? [`${count(frames.busy)} were not, since the board was busy with others`] : []),
    ...(frames.off > 0 ? [`${count(frames.off)} were not, since detection is off`] : []),
  ];
  const first = `Of ${count(frames.in)} pictures in the last ${duration(seconds)} the network looked at ${count(frames.inferred)}`;
  return `${[first, ...not].join('; ')}.`;
}
