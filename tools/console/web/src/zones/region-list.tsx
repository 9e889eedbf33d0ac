import type { CameraState } from '../../../protocol.ts';
import { Icon } from '../parts/icons.tsx';
import type { Kind } from './draft.ts';

const kinds: readonly { kind: Kind; icon: 'zones' | 'line' | 'mask'; title: string; what: string }[] = [
  { kind: 'zone', icon: 'zones', title: 'Zones', what: 'Count objects in a part of the picture.' },
  { kind: 'line', icon: 'line', title: 'Lines', what: 'Count objects that cross, and in which direction.' },
  { kind: 'mask', icon: 'mask', title: 'Masks', what: 'Parts of the picture that are not watched.' },
];

export function RegionList({
  camera,
  onAdd,
  onSelect,
}: {
  camera: CameraState;
  onAdd(kind: Kind): void;
  onSelect(kind: Kind, name: string): void;
}) {
  const { settings, counts, crossings } = camera;
  const names: Record<Kind, string[]> = {
    zone: Object.keys(settings.zones),
    line: Object.keys(settings.lines),
    mask: settings.masks.map((_, index) => String(index + 1)),
  };
  const stateOf: Record<Kind, (name: string) => string> = {
    zone: (name) => {
      const inside = counts.filter((one) => one.zone === name && one.count > 0);
      return inside.map((one) => `${one.count} ${one.label}`).join(', ') || 'empty';
    },
    line: (name) => {
      const total = (direction: string) =>
        crossings
          .filter((one) => one.line === name && one.direction === direction)
          .reduce((sum, one) => sum + one.total, 0);
      return `${total('in')} in, ${total('out')} out`;
    },
    mask: (name) => `${settings.masks[Number(name) - 1]!.length} corners`,
  };
  return (
    <>
      {kinds.map(({ kind, icon, title, what }) => (
        <section key={kind} class="card panel" aria-label={title}>
          <div class="panel-head">
            <h2>{title}</h2>
            <button type="button" class="button" onClick={() => onAdd(kind)}>
              <Icon name="plus" />
              Add {kind}
            </button>
          </div>
          {names[kind].length === 0 ? (
            <p class="muted">{what}</p>
          ) : (
            <ul class="region-list">
              {names[kind].map((name) => (
                <li key={name}>
                  <button type="button" onClick={() => onSelect(kind, name)}>
                    <Icon name={icon} />
                    <strong>{kind === 'mask' ? `Mask ${name}` : name}</strong>
                    <span class="muted">{stateOf[kind](name)}</span>
                  </button>
                </li>
              ))}
            </ul>
          )}
        </section>
      ))}
    </>
  );
}
