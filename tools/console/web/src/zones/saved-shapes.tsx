import type { CameraSettings } from '../../../protocol.ts';
import { type Draft, fateOf, type Kind } from './draft.ts';

export interface Size {
  width: number;
  height: number;
}

export const pointsText = (points: readonly (readonly [number, number])[], { width, height }: Size): string =>
  points.map(([x, y]) => `${x * width},${y * height}`).join(' ');

/** The saved shapes; a click selects one. */
export function SavedShapes({
  settings,
  size,
  draft,
  onSelect,
}: {
  settings: CameraSettings;
  size: Size;
  draft: Draft | undefined;
  onSelect(kind: Kind, name: string): void;
}) {
  // What others made of it is shown below what is drawn here.
  const isOther = draft !== undefined && fateOf(draft, settings) === 'changed';
  const shapes = [
    ...settings.masks.map((points, index) => ({ kind: 'mask' as const, name: String(index + 1), points })),
    ...Object.entries(settings.zones).map(([name, zone]) => ({ kind: 'zone' as const, name, points: zone.polygon })),
    ...Object.entries(settings.lines).map(([name, { from, to }]) => ({
      kind: 'line' as const,
      name,
      points: [from, to],
    })),
  ].filter(({ kind, name }) => !(draft?.kind === kind && draft.original === name && !isOther));
  return (
    <g class="saved">
      {shapes.map(({ kind, name, points }) => {
        const [x, y] = points[0]!;
        const text = pointsText(points, size);
        const choose = () => draft?.drawing || onSelect(kind, name);
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: the list beside the picture is the keyboard's way
          <g key={`${kind} ${name}`} class={`shape is-${kind}`} onClick={choose}>
            {kind === 'line' ? <polyline points={text} /> : <polygon points={text} />}
            <text x={x * size.width + 8} y={Math.max(16, y * size.height - 8)}>
              {kind === 'mask' ? `mask ${name}` : name}
            </text>
          </g>
        );
      })}
    </g>
  );
}
