import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../base/errors.ts';
import { type CameraChange, type CameraSettings, watchedByDefault } from '../config/schema.ts';

/** How many labels are listed when none is similar. */
const maxListed = 12;

/**
 * Checks that a camera's settings name only labels of its model: a misspelt one would never be detected.
 *
 * @param known The model's labels.
 * @throws InputError naming the field, the labels, and the most similar ones.
 */
export function assertKnownLabels(camera: string, settings: CameraSettings, known: readonly string[]): void {
  const all = new Set(known);
  const problems: string[] = [];
  for (const [path, names] of labelsIn(settings)) {
    const unknown = names.filter((label) => !all.has(label));
    if (unknown.length > 0) problems.push(`${path}: ${complaint(unknown, known)}`);
  }
  if (problems.length > 0) {
    throw new InputError(
      `camera ${camera}: ${problems.join('; ')} (a taught name is a sub_label: use the label of its object here)`,
    );
  }
}

/** Whether a change names labels, which have to be checked against the model. */
export function namesLabels({ detect, zones, lines }: CameraChange): boolean {
  return Boolean(detect?.labels ?? detect?.thresholds ?? zones ?? lines);
}

/** The labels that settings name, by field. The default ones suit the default model and are not checked. */
function* labelsIn({ detect, zones, lines }: CameraSettings): Generator<[path: string, names: string[]]> {
  if (!isDeepStrictEqual(detect.labels, watchedByDefault)) yield ['detect.labels', detect.labels];
  yield ['detect.thresholds', Object.keys(detect.thresholds)];
  for (const [name, { labels = [] }] of Object.entries(zones)) yield [`zones.${name}.labels`, labels];
  for (const [name, { labels = [] }] of Object.entries(lines)) yield [`lines.${name}.labels`, labels];
}

function complaint(unknown: readonly string[], known: readonly string[]): string {
  const near = [...new Set(unknown.flatMap((label) => nearestNames(label, known)))];
  const hint = near.length > 0 ? `; did you mean ${near.join(', ')}?` : ` (${listed(known)})`;
  return `expected labels that the model knows, got ${unknown.join(', ')}${hint}`;
}

const listed = (labels: readonly string[]) =>
  labels.length > maxListed ? `${labels.slice(0, maxListed).join(', ')}, … ${labels.length} in all` : labels.join(', ');

/** At most three equally similar names that may have been meant: few letters apart, or one contained in the other. */
export function nearestNames(name: string, known: readonly string[]): string[] {
  const wanted = name.toLowerCase();
  const near = known
    .map((label) => ({ label, apart: distance(wanted, label.toLowerCase()) }))
    .filter(({ label, apart }) => apart <= Math.max(2, wanted.length / 3) || isWithin(wanted, label.toLowerCase()));
  const least = Math.min(...near.map(({ apart }) => apart));
  return near.flatMap(({ label, apart }) => (apart === least ? [label] : [])).slice(0, 3);
}

const isWithin = (a: string, b: string) => Math.min(a.length, b.length) >= 3 && (a.includes(b) || b.includes(a));

/** Edit distance: insertions, deletions, substitutions and transpositions (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(Math.min(change, last[j]! + 1, row[j - 1]! + 1, isSwap ? before[j - 2]! + 1 : Number.POSITIVE_INFINITY));
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
