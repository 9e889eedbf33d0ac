import { assertKind, assertShape } from '../../base/arguments.ts';
import { InputError } from '../../base/errors.ts';
import type { Embedding } from '../../core/embedding.ts';
import { dotPattern } from './dot-set.ts';

/** Where the region came from: a tracked object, a drawn box, or the whole view. */
export type ExampleKind = 'track' | 'box' | 'view';

/** The head that names objects. Each other head is a state of a whole view, such as `cupboard` with `tidy` and `untidy`. */
export const objectHead = 'object';

/** One lesson: this region is (or is not) this label. */
export interface Example {
  /** Unique in the space: `<replica>-<counter>`. Independent of the content. */
  readonly id: string;
  /** The owner: the node it was taught on. */
  readonly node: string;
  readonly head: string;
  readonly label: string;
  /** `true`: it is *not* this label (nor any other label of the head). */
  readonly negative: boolean;
  readonly camera: string;
  /** When it was taught, ms since 1970. */
  readonly timeMs: number;
  readonly kind: ExampleKind;
  readonly embedding: Embedding;
  /** The example from which this one was relabelled. */
  readonly from?: string;
}

/** The input of teaching; the ledger adds owner and id. */
export interface Draft {
  readonly label: string;
  readonly embedding: Embedding;
  /** Default: `object`. */
  readonly head?: string;
  /** Default: `false`. */
  readonly negative?: boolean;
  readonly camera: string;
  readonly kind: ExampleKind;
  /** Default: now. */
  readonly timeMs?: number;
  readonly from?: string;
}

/**
 * Excludes what another node taught (a node's own examples are simply removed). A cut is owned by the node that made
 * it, which can withdraw it.
 */
export interface Cut {
  readonly id: string;
  /** The node that made it. */
  readonly node: string;
  readonly target: CutTarget;
  /** For people; may be empty. */
  readonly reason: string;
  /** ms since 1970, for people: what a cut applies to does not depend on clocks. */
  readonly timeMs: number;
  /**
   * Of a label: what was seen of it when it was cut, as the counter of the newest example of each replica; that is cut.
   * A cut without it is of an earlier version and applies by its time: to all that was taught until then.
   */
  readonly seen?: readonly (readonly [replica: string, counter: number])[];
  /**
   * Of a node: 1 more than those cuts of its own maker that its maker knew, so that a node that was cut out cannot cut out
   * others by setting back a clock. Default: 0, it knew none.
   */
  readonly order?: number;
}

/** One example; all examples of a label seen when it was cut; or all of a node, including future ones. */
export type CutTarget =
  | { readonly example: string }
  | { readonly head: string; readonly label: string }
  | { readonly node: string };

/** A head's answer for none of its labels, and for an unclear state. Nothing can be taught under these names. */
export const unknown = 'unknown';
export const unsure = 'unsure';

const kinds: readonly string[] = ['track', 'box', 'view'] satisfies ExampleKind[];
const longestName = 64;
const longestReason = 200;
/** The last moment that a Date can hold. */
const lastMs = 8.64e15;
/** Most replicas that a cut can name. */
export const mostSeen = 256;
const namePattern = new RegExp(`^[^\\p{C}]{1,${longestName}}$`, 'u');

/** Whether it has 1 to 64 printable characters. */
export function isName(name: unknown): name is string {
  return typeof name === 'string' && namePattern.test(name) && name.trim() === name;
}

/** Whether it can be a label. The names for the unknown are reserved. */
export function isLabel(label: unknown): label is string {
  return isName(label) && label !== unknown && label !== unsure;
}

/** @throws InputError unless it is 1 to 64 printable characters. */
export function checkName(what: string, name: unknown): asserts name is string {
  if (isName(name)) return;
  throw new InputError(
    `${what}: expected 1 to ${longestName} printable characters without spaces around them, got ${shown(name)}`,
  );
}

/** @throws InputError unless it is a name that says something. */
export function checkLabel(label: unknown): asserts label is string {
  checkName('label', label);
  if (label === unknown || label === unsure) {
    throw new InputError(`label: expected a name, ${label} is what is not known; teach it as a negative instead`);
  }
}

/** @throws InputError unless it has this many values, a valid scale, and is not all zeros. */
export function checkEmbedding(embedding: Embedding, dimension: number): void {
  const { values, scale } = embedding;
  if (!(values instanceof Int8Array) || values.length !== dimension) {
    const got = values instanceof Int8Array ? `${values.length} values` : shown(values);
    throw new InputError(`embedding: expected an Int8Array of ${dimension} values, got ${got}`);
  }
  if (typeof scale !== 'number' || !Number.isFinite(scale) || scale <= 0) {
    throw new InputError(`embedding: expected a finite scale above 0, got ${shown(scale)}`);
  }
  if (values.every((value) => value === 0)) {
    throw new InputError('embedding: expected some value other than 0: an empty region cannot be taught');
  }
}

/** @throws InputError unless it is a list of lessons, each with a draft. */
export function assertLessons(what: string, lessons: unknown): void {
  assertKind(what, lessons, 'list', 'a list of lessons');
  for (const lesson of lessons as readonly unknown[]) {
    assertShape(what, lesson, { draft: 'object', thumbnail: 'bytes?' }, 'a lesson');
  }
}

/** @throws InputError where a field is not what its type says. */
export function checkExample(example: Example, dimension: number): void {
  checkId('id', example.id);
  checkName('node', example.node);
  checkName('head', example.head);
  checkLabel(example.label);
  checkName('camera', example.camera);
  if (typeof example.negative !== 'boolean') {
    throw new InputError(`negative: expected true or false, got ${shown(example.negative)}`);
  }
  checkTime(example.timeMs);
  if (!kinds.includes(example.kind)) {
    throw new InputError(`kind: expected one of ${kinds.join(', ')}, got ${shown(example.kind)}`);
  }
  if (example.from !== undefined) checkId('from', example.from);
  checkEmbedding(example.embedding, dimension);
}

/** @throws InputError where a field is not what its type says. */
export function checkCut(cut: Cut): void {
  checkId('id', cut.id);
  checkName('node', cut.node);
  checkTime(cut.timeMs);
  if (typeof cut.reason !== 'string' || cut.reason.length > longestReason) {
    throw new InputError(`reason: expected text of at most ${longestReason} characters, got ${shown(cut.reason)}`);
  }
  const target: Record<string, unknown> = { ...cut.target };
  const fields = Object.keys(target).sort().join();
  if (fields === 'example') checkId('target', target.example);
  else if (fields === 'node') checkName('target', target.node);
  else if (fields === 'head,label') {
    checkName('target', target.head);
    checkName('target', target.label);
  } else throw new InputError(`target: expected an example, a head with a label, or a node, got ${shown(target)}`);
  if (cut.seen !== undefined) checkSeen(cut.seen, fields);
  if (cut.order !== undefined && !(fields === 'node' && Number.isSafeInteger(cut.order) && cut.order > 0)) {
    throw new InputError(`order: expected a whole number above 0 with a node, got ${shown(cut.order)}`);
  }
}

/** In a fixed order, each replica once, so that equal cuts have equal bytes. */
function checkSeen(seen: unknown, fields: string): void {
  const isOne = (one: unknown) => Array.isArray(one) && one.length === 2 && dotPattern.test(one.join('-'));
  const fits =
    fields === 'head,label' &&
    Array.isArray(seen) &&
    seen.length > 0 &&
    seen.length <= mostSeen &&
    seen.every((one, i) => isOne(one) && (i === 0 || seen[i - 1][0] < one[0])) &&
    seen.every(([replica, counter]) => typeof replica === 'string' && typeof counter === 'number');
  if (fits) return;
  throw new InputError(`seen: expected 1 to ${mostSeen} replicas in order with their counters, got ${shown(seen)}`);
}

function checkId(what: string, id: unknown): asserts id is string {
  if (typeof id === 'string' && dotPattern.test(id)) return;
  throw new InputError(`${what}: expected 16 hexadecimal digits, - and a number, got ${shown(id)}`);
}

function checkTime(timeMs: unknown): void {
  if (Number.isSafeInteger(timeMs) && (timeMs as number) >= 0 && (timeMs as number) <= lastMs) return;
  throw new InputError(`timeMs: expected whole milliseconds since 1970, got ${shown(timeMs)}`);
}

/** Any value in an error message, short. */
export function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** The order of examples everywhere: as they were taught. Total, since ids are unique. */
export function byTime(a: { timeMs: number; id: string }, b: { timeMs: number; id: string }): number {
  return a.timeMs - b.timeMs || compareIds(a.id, b.id);
}

/**
 * As they were taught, as far as known: those of one store by their counter, whatever its clock said, those of
 * several by time. The same order everywhere, like `byTime`.
 */
export function asTaught<T extends { readonly id: string; readonly timeMs: number }>(items: readonly T[]): T[] {
  const sorted = [...items].sort((a, b) => compareIds(a.id, b.id));
  let [replica, latestMs] = ['', 0];
  return sorted
    .map((item) => {
      const own = item.id.slice(0, 16);
      latestMs = own === replica ? Math.max(latestMs, item.timeMs) : item.timeMs;
      replica = own;
      return { item, timed: { id: item.id, timeMs: latestMs } };
    })
    .sort((a, b) => byTime(a.timed, b.timed))
    .map(({ item }) => item);
}

/** By replica, then by counter. */
export function compareIds(a: string, b: string): number {
  // The replica has 16 characters, and the longer one of two counters is the larger one.
  const replicaA = a.slice(0, 16);
  const replicaB = b.slice(0, 16);
  if (replicaA !== replicaB) return replicaA < replicaB ? -1 : 1;
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
