import { useEffect, useState } from 'preact/hooks';
import type { CameraState, LiveTrack } from '../../../protocol.ts';
import { colourOf } from '../colours.ts';
import { connection } from '../connection.ts';

/** Pictures to request, beside the stage, which shows the same ones. */
const wish = { maxHeight: 16, fps: 1 };

/** Who is in view now, by what they were taught to be called, and in each zone. */
export function InView({ cameras }: { cameras: readonly CameraState[] }) {
  const named = useNamed(cameras);
  const seen = cameras.map((camera) => ({ camera, own: named.get(camera.name) ?? [] }));
  const whole = seen.flatMap(({ camera, own }) => counted(camera, undefined, own));
  const zones = seen.flatMap(({ camera, own }) =>
    Object.keys(camera.settings.zones).map((zone) => ({
      name: cameras.length > 1 ? `${camera.name} / ${zone}` : zone,
      counts: counted(camera, zone, own),
    })),
  );
  return (
    <section class="card panel" aria-label="In view now">
      <h2>In view</h2>
      <Counts counts={totals(whole)} empty="Nothing right now." />
      {zones.map(({ name, counts }) => (
        <div key={name} class="zone-counts" data-zone={name}>
          <h3>{name}</h3>
          <Counts counts={totals(counts)} empty="Empty" />
        </div>
      ))}
    </section>
  );
}

type Named = Pick<LiveTrack, 'label' | 'sub_label' | 'zones'>;

/** The objects that have a taught name, by camera. */
function useNamed(cameras: readonly CameraState[]): ReadonlyMap<string, readonly Named[]> {
  const [named, setNamed] = useState<ReadonlyMap<string, readonly Named[]>>(new Map());
  const names = cameras.map(({ name }) => name);
  useEffect(() => {
    const stops = names.map((name) =>
      connection.watch(name, wish, (picture) => {
        const tracks =
          picture?.header.tracks.filter(({ confirmed, sub_label }) => confirmed && sub_label !== null) ?? [];
        const own = tracks.map(({ label, sub_label, zones }): Named => ({ label, sub_label, zones }));
        // Pictures come more often than names change.
        setNamed((all) =>
          JSON.stringify(all.get(name) ?? []) === JSON.stringify(own) ? all : new Map(all).set(name, own),
        );
      }),
    );
    return () => {
      for (const stop of stops) stop();
    };
  }, [names.join(' ')]);
  return named;
}

/** What the network counts, less those that have a name, and these. */
function counted({ counts }: CameraState, zone: string | undefined, named: readonly Named[]): [string, number][] {
  const own = named.filter(({ zones }) => zone === undefined || zones.includes(zone));
  const known = new Map(counts.filter((one) => one.zone === zone).map(({ label, count }) => [label, count]));
  return [
    ...own.filter(({ label }) => known.has(label)).map(({ sub_label }): [string, number] => [sub_label!, 1]),
    ...[...known].map(([label, count]): [string, number] => [
      label,
      count - own.filter((one) => one.label === label).length,
    ]),
  ];
}

function totals(counts: readonly (readonly [string, number])[]): [string, number][] {
  const sums = new Map<string, number>();
  for (const [label, count] of counts) sums.set(label, (sums.get(label) ?? 0) + Math.max(0, count));
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
