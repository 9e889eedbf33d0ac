import { type LabelList, labelsOfLines } from './labels-file.ts';
import { listed, type PythonValue, parsePythonLiteral } from './python-literal.ts';

/** What a network's metadata tells of it, of those whose metadata is not enough for a card. */
export interface ToldInside {
  /** Named by the key that has them. */
  readonly labels: LabelList | undefined;
  /** Where the picture lies in the input. */
  readonly align: 'top-left' | 'center' | undefined;
  /** Of the picture that it was exported for. */
  readonly size: { readonly width: number; readonly height: number } | undefined;
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
  const align = pad !== undefined && Object.hasOwn(aligns, pad) ? aligns[pad] : undefined;
  return { labels: labels[0], align, size: sizeInside(metadata) };
}

/** LibreYOLO's. Its `imgsz` is the longer of the two. */
function sizeInside(metadata: ReadonlyMap<string, string>): ToldInside['size'] {
  const [width, height] = ['imgsz_w', 'imgsz_h'].map((key) => {
    const text = metadata.get(key) ?? '';
    return /^[1-9]\d{0,4}$/.test(text) ? Number(text) : undefined;
  });
  return width === undefined || height === undefined ? undefined : { width, height };
}

function ofLines(text: string): readonly string[] | undefined {
  return complete(labelsOfLines(text));
}

function ofLiteral(text: string): readonly string[] | undefined {
  try {
    return complete(listed(parsePythonLiteral(text)) ?? []);
  } catch {
    return undefined;
  }
}

/** Labels by the number of their class; undefined where one is missing. */
function complete(labels: readonly PythonValue[]): readonly string[] | undefined {
  const isWhole = labels.length > 0 && labels.every((label) => typeof label === 'string' && label !== '');
  return isWhole ? (labels as readonly string[]) : undefined;
}
