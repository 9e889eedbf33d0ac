import { InputError } from '../errors.ts';
import { dotPattern } from './dot-set.ts';
import type { Embedding } from './embedding.ts';

/** Where the region came from: a followed object, a box that was drawn, or the whole view. */
export type ExampleKind = 'track' | 'box' | 'view';

/** The head that names objects. Each other head is a state of a whole view, such as `cupboard` with `tidy` and `untidy`. */
export const objectHead = 'object';

/** One thing that somebody taught: this region is (or is not) this label. */
export interface Example {
  /** Unique in the space: `<replica>-<counter>`. Says nothing of the content. */
  readonly id: string;
  /** Who owns it: the node it was taught on. */
  readonly node: string;
  readonly head: string;
  readonly label: string;
  /** `true`: it is *not* this label (nor any other of the head). */
  readonly negative: boolean;
  readonly camera: string;
  /** When it was taught, ms since 1970. */
  readonly timeMs: number;
  readonly kind: ExampleKind;
  readonly embedding: Embedding;
  /** The example that this one was relabelled from. */
  readonly from?: string;
}

/** What teaching takes; the ledger adds who and which. */
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
 * Takes out what another node taught (a node's own examples are simply removed). A cut is owned by the node that made
 * it, which can withdraw it.
 */
export interface Cut {
  readonly id: string;
  /** Who cut. */
  readonly node: string;
  readonly target: CutTarget;
  /** For a person; may be empty. */
  readonly reason: string;
  /** ms since 1970. */
  readonly timeMs: number;
}

/** One example; all of a label that were taught until the cut; or all of a node, the future ones too. */
export type CutTarget =
  | { readonly example: string }
  | { readonly head: string; readonly label: string }
  | { readonly node: string };

/** What a head says when it is none of its labels, and when a state is not clear. Nothing can be taught as these. */
export const unknown = 'unknown';
export const unsure = 'unsure';

const kinds: readonly string[] = ['track', 'box', 'view'] satisfies ExampleKind[];
const longestName = 64;
const longestReason = 200;
/** The last moment that a Date can hold. */
const lastMs = 8.64e15;
const namePattern = new RegExp(`^[^\\p{C}]{1,${longestName}}$`, 'u');

/** Is it 1 to 64 printable characters? */
export function isName(name: unknown): name is string {
  return typeof name === 'string' && namePattern.test(name) && name.trim() === name;
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

/** @throws InputError unless it has so many values, a scale that makes sense, and is not all zeros. */
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

/** The order in which examples are counted everywhere: as they were taught. Total, since ids are unique. */
export function byTime(a: { timeMs: number; id: string }, b: { timeMs: number; id: string }): number {
  return a.timeMs - b.timeMs || compareIds(a.id, b.id);
}

/** Replica by replica, and there by counter. */
export function compareIds(a: string, b: string): number {
  // The replica has 16 characters, and the longer one of two counters is the larger one.
  const replicaA = a.slice(0, 16);
  const replicaB = b.slice(0, 16);
  if (replicaA !== replicaB) return replicaA < replicaB ? -1 : 1;
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
