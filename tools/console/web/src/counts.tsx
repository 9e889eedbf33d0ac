import type { CountChange } from '../../protocol.ts';
import { colourOf } from './colours.ts';

/** What is in view now: each label that is there, and each zone with what stands in it. */
export function Counts({ counts }: { counts: readonly CountChange[] }) {
  const zones = [...new Set(counts.map(({ zone }) => zone).filter((zone) => zone !== undefined))];
  const there = counts.filter(({ zone, count }) => zone === undefined && count > 0);
  return (
    <ul class="counts" aria-label="In view now" aria-live="polite">
      {there.length === 0 && <li class="quiet">nothing in view</li>}
      {there.map(({ label, count }) => (
        <li key={label}>
          <i style={{ background: colourOf(label) }} />
          {count} {label}
        </li>
      ))}
      {zones.map((zone) => {
        const inside = counts.filter((one) => one.zone === zone && one.count > 0);
        return (
          <li key={`zone ${zone}`} class={`zone ${inside.length > 0 ? 'taken' : ''}`} data-zone={zone}>
            {zone}: {inside.length === 0 ? 'empty' : inside.map(({ label, count }) => `${count} ${label}`).join(', ')}
          </li>
        );
      })}
    </ul>
  );
}
