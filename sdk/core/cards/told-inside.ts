import type { LabelList } from './labels-file.ts';
import { parsePythonLiteral } from './python-literal.ts';

/** What a network's metadata tells of it, of those whose metadata is not enough for a card. */
export interface ToldInside {
  /** Named by the key that has them. */
  readonly labels: LabelList | undefined;
  /** Where the picture lies in the input. */
  readonly align: 'top-left' | 'center' | undefined;
}

/** A list of labels: one a line (RapidAI); a dict or list, as Python or JSON has it (LibreYOLO; LightlyTrain's PicoDet). */
const lists: Readonly<Record<string, (text: string) => readonly string[] | undefined>> = {
  character: ofLines,
  names: ofLiteral,
  classes: ofLiteral,
};

const aligns: Readonly<Record<string, ToldInside['align']>> = { topleft: 'top-left', center: 'center' };

/** What is no complete list of labels, the characters of one that reads text for example, counts for nothing here. */
export function toldInside(metadata: ReadonlyMap<string, string>): ToldInside {
  const labels = Object.entries(lists).flatMap(([key, read]): LabelList[] => {
    const text = metadata.get(key);
    const list = text === undefined ? undefined : read(text);
    return list ? [{ path: `in its metadata (${key})`, labels: list }] : [];
  });
  const pad = metadata.get('letterbox_pad');
  return { labels: labels[0], align: pad !== undefined && Object.hasOwn(aligns, pad) ? aligns[pad] : undefined };
}

function ofLines(text: string): string[] | undefined {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  while (lines.at(-1) === '') lines.pop();
  return lines.length > 0 && !lines.includes('') ? lines : undefined;
}

/** Labels by the number of their class, from 0 on without gaps. */
function ofLiteral(text: string): string[] | undefined {
  let value: ReturnType<typeof parsePythonLiteral>;
  try {
    value = parsePythonLiteral(text);
  } catch {
    return undefined;
  }
  const entries =
    value instanceof Map ? [...value] : Array.isArray(value) ? value.map((one, i) => [i, one] as const) : [];
  const labels: string[] = [];
  for (const [key, label] of entries) {
    const at = Number(key);
    if (!Number.isInteger(at) || at < 0 || at >= entries.length || typeof label !== 'string' || label === '') {
      return undefined;
    }
    labels[at] = label;
  }
  return labels.length > 0 && Object.keys(labels).length === entries.length ? labels : undefined;
}
