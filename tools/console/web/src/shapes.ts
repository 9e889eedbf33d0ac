import type { CameraChange, CameraSettings } from '../../protocol.ts';

export type Point = [number, number];
export type Kind = 'zone' | 'line' | 'mask';

/** A shape that is drawn or changed; nothing of it is in the settings yet. */
export interface Draft {
  readonly kind: Kind;
  readonly name: string;
  readonly points: readonly Point[];
  /** More corners may follow. */
  readonly open: boolean;
  /** The name, or the index of a mask, that it had before; undefined when it is new. */
  readonly before?: string;
}

export const namePattern = '[a-z0-9][a-z0-9_\\-]{0,31}';

/** The next free name of a kind: `zone-1`, `zone-2`. */
export function freeName(kind: Kind, settings: CameraSettings): string {
  const taken = kind === 'zone' ? settings.zones : settings.lines;
  for (let i = 1; ; i++) if (!(`${kind}-${i}` in taken)) return `${kind}-${i}`;
}

/** Corners a shape needs at least, and has at most. */
export const corners = { zone: [3, 64], line: [2, 2], mask: [3, 64] } as const;

/** A shape to begin with where there is no mouse: its corners are moved with the arrow keys. */
export function placed(kind: Kind): Point[] {
  if (kind === 'line') {
    return [
      [0.2, 0.7],
      [0.8, 0.7],
    ];
  }
  return [
    [0.3, 0.4],
    [0.7, 0.4],
    [0.7, 0.9],
    [0.3, 0.9],
  ];
}

const rounded = (points: readonly Point[]): Point[] =>
  points.map(([x, y]) => [Math.round(x * 1000) / 1000, Math.round(y * 1000) / 1000]);

/** The change of the settings that puts a draft in the place of what it was. */
export function withDraft({ kind, name, points, before }: Draft, settings: CameraSettings): CameraChange {
  const shape = rounded(points);
  if (kind === 'mask') {
    const index = before === undefined ? settings.masks.length : Number(before);
    const masks = [...settings.masks];
    masks[index] = shape;
    return { masks };
  }
  if (kind === 'line') {
    const old = before === undefined ? undefined : settings.lines[before];
    return { lines: { ...without(settings.lines, before), [name]: { ...old, from: shape[0]!, to: shape[1]! } } };
  }
  const old = before === undefined ? undefined : settings.zones[before];
  return { zones: { ...without(settings.zones, before), [name]: { ...old, polygon: shape } } } as CameraChange;
}

/** The change that takes a shape away. */
export function withoutShape(kind: Kind, key: string, settings: CameraSettings): CameraChange {
  if (kind === 'mask') return { masks: settings.masks.filter((_, i) => i !== Number(key)) };
  return kind === 'zone' ? { zones: without(settings.zones, key) } : { lines: without(settings.lines, key) };
}

function without<T>(map: Readonly<Record<string, T>>, key: string | undefined): Record<string, T> {
  return Object.fromEntries(Object.entries(map).filter(([name]) => name !== key));
}
