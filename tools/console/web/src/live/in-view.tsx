import type { CameraState, CountChange } from '../../../protocol.ts';
import { colourOf } from '../colours.ts';

/** Current counts per label, in view and in each zone. */
export function InView({ cameras }: { cameras: readonly CameraState[] }) {
  const whole = totals(cameras.flatMap((camera) => camera.counts.filter(({ zone }) => zone === undefined)));
  const zones = cameras.flatMap((camera) =>
    Object.keys(camera.settings.zones).map((zone) => ({
      name: cameras.length > 1 ? `${camera.name} / ${zone}` : zone,
      counts: camera.counts.filter((one) => one.zone === zone),
    })),
  );
  return (
    <section class="card panel" aria-label="In view now">
      <h2>In view</h2>
      <Counts counts={whole} empty="Nothing right now." />
      {zones.map(({ name, counts }) => (
        <div key={name} class="zone-counts" data-zone={name}>
          <h3>{name}</h3>
          <Counts counts={totals(counts)} empty="Empty" />
        </div>
      ))}
    </section>
  );
}

function totals(counts: readonly CountChange[]): [string, number][] {
  const sums = new Map<string, number>();
  for (const { label, count } of counts) sums.set(label, (sums.get(label) ?? 0) + count);
  return [...sums].filter(([, count]) => count > 0);
}

function Counts({ counts, empty }: { counts: [string, number][]; empty: string }) {
  if (counts.length === 0) return <p class="muted">{empty}</p>;
  return (
    <ul class="counts">
      {counts.map(([label, count]) => (
        <li key={label} style={{ '--label': colourOf(label) }}>
          <span class="count-number">{count}</span>
          {label}
        </li>
      ))}
    </ul>
  );
}
