import { lineProblem, polygonProblem } from '../../../../../sdk/config/shapes.ts';
import type { CameraChange, CameraSettings, LineSettings, ZoneSettings } from '../../../protocol.ts';
import { isSame } from '../save/merge.ts';

export type Point = [number, number];
export type Kind = 'zone' | 'line' | 'mask';

/** A zone, line or mask while it is drawn or edited; nothing is saved yet. */
export interface Draft {
  kind: Kind;
  /** Its name, or a mask's number, in the settings; undefined for a new one. */
  original: string | undefined;
  /** What it was made from, as it was in the settings; undefined for a new one. */
  saved?: Saved | undefined;
  name: string;
  /** Fractions of the picture. */
  points: Point[];
  /** Only these labels; undefined: all. */
  labels: string[] | undefined;
  /** Zones only: `inertia_seconds`. */
  seconds: number;
  /** Corners are still being set. */
  drawing: boolean;
}

/** A zone, line or mask of the settings. */
export type Saved = ZoneSettings | LineSettings | CameraSettings['masks'][number];

/** Changes the current draft; undefined discards it. */
export type ChangeDraft = (change: (draft: Draft) => Draft | undefined) => void;

export const minPoints = { zone: 3, mask: 3, line: 2 } as const;
const maxPoints = { zone: 64, mask: 64, line: 2 } as const;
/** As in the settings schema. */
const namePattern = /^[a-z0-9][a-z0-9_-]{0,31}$/;
const defaultSeconds = 0.2;

const names = (settings: CameraSettings, kind: Kind): string[] =>
  kind === 'mask'
    ? settings.masks.map((_, index) => String(index + 1))
    : Object.keys(kind === 'zone' ? settings.zones : settings.lines);

export function newDraft(kind: Kind, settings: CameraSettings): Draft {
  const taken = names(settings, kind);
  let number = taken.length + 1;
  while (taken.includes(`${kind}-${number}`)) number++;
  return {
    kind,
    original: undefined,
    name: kind === 'mask' ? String(number) : `${kind}-${number}`,
    points: [],
    labels: undefined,
    seconds: defaultSeconds,
    drawing: true,
  };
}

export function draftOf(kind: Kind, name: string, settings: CameraSettings): Draft | undefined {
  const saved = kind === 'mask' ? settings.masks[Number(name) - 1] : regions(kind, settings)[name];
  return saved && draftFrom(kind, name, saved);
}

/** A draft of what was saved, before anything about it is changed. */
export function draftFrom(kind: Kind, name: string, saved: Saved): Draft {
  const base = { kind, original: name, saved, name, labels: undefined, seconds: defaultSeconds, drawing: false };
  if ('polygon' in saved) {
    return { ...base, points: copied(saved.polygon), labels: saved.labels, seconds: saved.inertia_seconds };
  }
  if ('from' in saved) return { ...base, points: copied([saved.from, saved.to]), labels: saved.labels };
  return { ...base, points: copied(saved) };
}

const copied = (points: readonly (readonly [number, number])[]): Point[] => points.map(([x, y]) => [x, y]);

/** Why a draft cannot be saved, or undefined. */
export function problemOf(draft: Draft, settings: CameraSettings): string | undefined {
  const { kind, name, original, points } = draft;
  if (points.length < minPoints[kind]) {
    return kind === 'line' ? 'Set its two ends in the picture.' : 'Set at least three corners in the picture.';
  }
  const shape = shapeProblem(kind, points);
  if (shape || kind === 'mask') return shape;
  if (!namePattern.test(name)) return 'A name has up to 32 lower-case letters, digits, - and _.';
  if (name !== original && names(settings, kind).includes(name)) return `There is a ${kind} of that name already.`;
  return undefined;
}

/** As the settings would refuse it, in terms of the drawing. */
function shapeProblem(kind: Kind, points: readonly Point[]): string | undefined {
  if (kind === 'line')
    return lineProblem({ from: points[0]!, to: points[1]! }) && 'Both ends are in one place: move one.';
  return polygonProblem(points) && 'Its sides cross, or it has no area: move a corner, or draw two of it.';
}

/** What became meanwhile of what a draft was made from: nothing, or others changed or deleted it. */
export function fateOf({ kind, original, saved }: Draft, settings: CameraSettings): 'same' | 'changed' | 'deleted' {
  if (original === undefined) return 'same';
  // A mask has no name: one that was changed is not found again.
  const now = kind === 'mask' ? settings.masks[maskOf(saved, settings)] : regions(kind, settings)[original];
  if (now === undefined) return 'deleted';
  return isSame(now, saved) ? 'same' : 'changed';
}

/**
 * A draft under the number that its mask has now: others may have deleted one before it. A new one under a number that is
 * free now: others may have taken the one it was given.
 */
export function renumbered(draft: Draft, settings: CameraSettings): Draft {
  if (draft.original === undefined) {
    const isTaken = /^(zone|line)-\d+$/.test(draft.name) && names(settings, draft.kind).includes(draft.name);
    return isTaken ? { ...draft, name: newDraft(draft.kind, settings).name } : draft;
  }
  const at = draft.kind === 'mask' && draft.saved ? maskOf(draft.saved, settings) : -1;
  const number = String(at + 1);
  return at < 0 || number === draft.original ? draft : { ...draft, original: number, name: number };
}

/** The settings as they were for who made a draft: with what it was made from. */
export function seenWith({ kind, original, saved }: Draft, settings: CameraSettings): CameraSettings {
  if (original === undefined || saved === undefined) return settings;
  if (kind === 'mask') {
    const isThere = maskOf(saved, settings) >= 0;
    return isThere ? settings : { ...settings, masks: [...settings.masks, saved as CameraSettings['masks'][number]] };
  }
  if (kind === 'line') return { ...settings, lines: { ...settings.lines, [original]: saved as LineSettings } };
  return { ...settings, zones: { ...settings.zones, [original]: saved as ZoneSettings } };
}

/** The change that saves a draft. @param settings With what it was made from: `seenWith`. */
export function changeWith(draft: Draft, settings: CameraSettings): CameraChange {
  const { kind, original, name, seconds, saved } = draft;
  const points = draft.points.map(([x, y]): Point => [rounded(x), rounded(y)]);
  const labels = draft.labels && draft.labels.length > 0 ? { labels: draft.labels } : {};
  if (kind === 'mask') {
    const at = original === undefined ? settings.masks.length : maskOf(saved, settings);
    return { masks: settings.masks.toSpliced(at, 1, points) };
  }
  if (kind === 'line') {
    return { lines: renamed(settings.lines, original, name, { from: points[0]!, to: points[1]!, ...labels }) };
  }
  return { zones: renamed(settings.zones, original, name, { polygon: points, inertia_seconds: seconds, ...labels }) };
}

/** The change that deletes what a draft was made from. @param settings With it: `seenWith`. */
export function changeWithout({ kind, original, saved }: Draft, settings: CameraSettings): CameraChange {
  if (kind === 'mask') return { masks: settings.masks.toSpliced(maskOf(saved, settings), 1) };
  const without = <T>(map: Record<string, T>) =>
    Object.fromEntries(Object.entries(map).filter(([name]) => name !== original));
  return kind === 'line' ? { lines: without(settings.lines) } : { zones: without(settings.zones) };
}

const regions = (kind: Kind, { zones, lines }: CameraSettings): Record<string, Saved> =>
  kind === 'line' ? lines : zones;

const maskOf = (saved: Saved | undefined, { masks }: CameraSettings): number =>
  masks.findIndex((mask) => isSame(mask, saved));

/** Keeps its position under a new name. */
function renamed<T>(map: Record<string, T>, original: string | undefined, name: string, value: T): Record<string, T> {
  const entries = Object.entries(map);
  const at = entries.findIndex(([key]) => key === original);
  return Object.fromEntries(entries.toSpliced(at < 0 ? entries.length : at, 1, [name, value]));
}

const rounded = (share: number) => Math.round(share * 10_000) / 10_000;
export const clamped = (share: number) => Math.min(1, Math.max(0, share));

/** Adds a corner while drawing. A line is complete with its second. */
export function withPoint(draft: Draft, point: Point): Draft {
  if (!draft.drawing || draft.points.length >= maxPoints[draft.kind]) return draft;
  const points = [...draft.points, point];
  return { ...draft, points, drawing: !(draft.kind === 'line' && points.length === 2) };
}

/** Finishes drawing, if it has the corners that it needs. */
export function finished(draft: Draft): Draft {
  return draft.points.length < minPoints[draft.kind] ? draft : { ...draft, drawing: false };
}

export function withPointMoved(draft: Draft, index: number, [x, y]: Point): Draft {
  return { ...draft, points: draft.points.with(index, [clamped(x), clamped(y)]) };
}

/** Moves the whole shape, as far as it stays in the picture. */
export function withAllMoved(draft: Draft, [dx, dy]: Point): Draft {
  const shift = (delta: number, values: number[]) =>
    Math.min(1 - Math.max(...values), Math.max(-Math.min(...values), delta));
  const x = shift(
    dx,
    draft.points.map((point) => point[0]),
  );
  const y = shift(
    dy,
    draft.points.map((point) => point[1]),
  );
  return { ...draft, points: draft.points.map((point): Point => [point[0] + x, point[1] + y]) };
}

/** Puts a corner in the middle of the side after `index`. */
export function withPointAfter(draft: Draft, index: number): Draft {
  if (draft.points.length >= maxPoints[draft.kind]) return draft;
  const [a, b] = [draft.points[index]!, draft.points[(index + 1) % draft.points.length]!];
  return { ...draft, points: draft.points.toSpliced(index + 1, 0, [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]) };
}

/** Removes a corner, unless the shape needs it. */
export function withoutPoint(draft: Draft, index: number): Draft {
  if (!draft.drawing && draft.points.length <= minPoints[draft.kind]) return draft;
  return { ...draft, points: draft.points.toSpliced(index, 1) };
}
