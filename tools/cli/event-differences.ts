import { isDeepStrictEqual } from 'node:util';
import type { EventMessage } from '../../sdk/vision/event.ts';

/** More lines would not help. */
const mostShown = 20;

/**
 * The differences between the events of two runs, in words, a line per differing message; empty when there are none.
 *
 * Messages are matched by start time and sequence number: the letters of an id come from the tracker's number, which
 * shifts for all later tracks when there was one more or less before.
 */
export function eventDifferences(expected: readonly EventMessage[], got: readonly EventMessage[]): string[] {
  const lines: string[] = [];
  const wanted = keyed(expected);
  const there = keyed(got);
  for (const [key, message] of wanted) {
    const other = there.get(key);
    if (!other) lines.push(`- ${inShort(message)}`);
    else if (!isDeepStrictEqual(other, message)) {
      lines.push(`~ ${inShort(message)}: ${differencesOf(message, other).join(', ')}`);
    }
  }
  for (const [key, message] of there) if (!wanted.has(key)) lines.push(`+ ${inShort(message)}`);
  if (lines.length === 0 && !isDeepStrictEqual(expected, got)) lines.push('the same messages, in another order');
  if (lines.length <= mostShown) return lines;
  return [...lines.slice(0, mostShown), `… ${lines.length - mostShown} more`];
}

/** Several objects may start at once: they are counted. */
function keyed(messages: readonly EventMessage[]): Map<string, EventMessage> {
  const keys = new Map<string, EventMessage>();
  for (const message of messages) {
    const base = `${message.after.start_time} ${message.sequence}`;
    let count = 0;
    while (keys.has(`${base} ${count}`)) count++;
    keys.set(`${base} ${count}`, message);
  }
  return keys;
}

function inShort({ type, sequence, after }: EventMessage): string {
  return `${type} ${after.label} ${Math.round(after.score * 100)} % ${after.id} (message ${sequence})`;
}

/** `before` is the previous message, so its differences were listed already, unless there are no others. */
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
