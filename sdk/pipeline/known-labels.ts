import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../base/errors.ts';
import { nearestNames } from '../base/nearest-names.ts';
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

/**
 * Labels of zones and lines that nothing is detected for, since the camera does not watch them.
 *
 * @returns What to say, or undefined. @param settings Whose labels the model knows.
 */
export function unwatchedLabels({ detect, zones, lines }: CameraSettings): string | undefined {
  if (detect.labels.length === 0) return undefined;
  const watched = new Set(detect.labels);
  const idle = [...labelsOfShapes({ zones, lines })].flatMap(([path, labels]) => {
    const missing = labels.filter((label) => !watched.has(label));
    return missing.length > 0 ? [`${path}: ${missing.join(', ')}`] : [];
  });
  if (idle.length === 0) return undefined;
  return `nothing will count for ${idle.join('; ')}: detect.labels has the labels that are watched (${listed(detect.labels)}); add what is missing there`;
}

/** The labels that settings name, by field. The default ones suit the default model and are not checked. */
function* labelsIn({ detect, zones, lines }: CameraSettings): Generator<[path: string, names: string[]]> {
  if (!isDeepStrictEqual(detect.labels, watchedByDefault)) yield ['detect.labels', detect.labels];
  yield ['detect.thresholds', Object.keys(detect.thresholds)];
  yield* labelsOfShapes({ zones, lines });
}

function* labelsOfShapes({ zones, lines }: Pick<CameraSettings, 'zones' | 'lines'>): Generator<[string, string[]]> {
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
