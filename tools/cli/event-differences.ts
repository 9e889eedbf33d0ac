import { isDeepStrictEqual } from 'node:util';
import type { EventMessage } from '../../sdk/vision/event.ts';

/** More lines than this help nobody. */
const mostShown = 20;

/**
 * How the events of two runs differ, for a person, a line for each message that is not the same; empty when all are.
 * Messages are told apart by their event's id and their number in it.
 */
export function eventDifferences(expected: readonly EventMessage[], got: readonly EventMessage[]): string[] {
  const lines: string[] = [];
  const there = new Map(got.map((message) => [keyOf(message), message]));
  const wanted = new Set(expected.map(keyOf));
  for (const message of expected) {
    const other = there.get(keyOf(message));
    if (!other) lines.push(`- ${inShort(message)}`);
    else if (!isDeepStrictEqual(other, message)) {
      lines.push(`~ ${inShort(message)}: ${differencesOf(message, other).join(', ')}`);
    }
  }
  for (const message of got) if (!wanted.has(keyOf(message))) lines.push(`+ ${inShort(message)}`);
  if (lines.length === 0 && expected.some((message, i) => keyOf(message) !== keyOf(got[i]!))) {
    lines.push('the same messages, in another order');
  }
  if (lines.length <= mostShown) return lines;
  return [...lines.slice(0, mostShown), `… ${lines.length - mostShown} more`];
}

const keyOf = ({ after, sequence }: EventMessage) => `${after.id} ${sequence}`;

function inShort({ type, sequence, after }: EventMessage): string {
  return `${type} ${after.label} ${Math.round(after.score * 100)} % ${after.id} (message ${sequence})`;
}

/** `before` is what was said last, so what differs there was told already, unless it is all there is. */
function differencesOf(expected: EventMessage, got: EventMessage): string[] {
  const { before: _, ...ours } = expected;
  const { before: __, ...theirs } = got;
  const found = fieldDifferences(ours, theirs);
  return found.length > 0 ? found : fieldDifferences(expected, got);
}

/** `after.score 0.71 -> 0.72`, for each field that differs; empty when none does. */
function fieldDifferences(a: unknown, b: unknown, path = ''): string[] {
  if (isDeepStrictEqual(a, b)) return [];
  if (!isFields(a) || !isFields(b)) return [`${path} ${JSON.stringify(a)} -> ${JSON.stringify(b)}`];
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names.flatMap((name) => fieldDifferences(a[name], b[name], path ? `${path}.${name}` : name));
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
