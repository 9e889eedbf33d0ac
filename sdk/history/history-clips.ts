import { type HistoryIndex, type IndexRow, noClip } from './history-index.ts';
import type { HistoryWriter } from './history-writer.ts';

/** The share of all that a single clip may have. */
const mostOfAll = 0.1;

/**
 * Keeps a clip of events.
 *
 * @param begins Seconds into it at which each began, by id.
 * @param megabytes Of all that is kept.
 * @returns Why it is not kept; undefined: it is.
 */
export async function keepClip(
  begins: ReadonlyMap<string, number>,
  mp4: Buffer,
  index: HistoryIndex,
  writer: HistoryWriter,
  megabytes: number,
): Promise<string | undefined> {
  if (mp4.length > mostOfAll * megabytes * 1e6) {
    return `it has ${(mp4.length / 1e6).toFixed(1)} MB, more than a tenth of history.megabytes, ${megabytes}`;
  }
  const rows = () => [...begins.keys()].flatMap((id) => index.find(id) ?? []);
  // Somebody has removed them.
  if (rows().length === 0) return undefined;
  const clip = index.nextClip();
  const problem = await writer.writeClip(clip, mp4);
  if (problem !== undefined) return problem;
  for (const row of rows()) {
    index.setClip(row, { clip, clipBytes: mp4.length, clipAt: begins.get(row.id)! });
    writer.put(row, { clip });
  }
  if (!index.hasClip(clip)) await writer.removeClip(clip);
  return undefined;
}

/** Removes the oldest clips while all that is kept is too much. The events stay. */
export function boundClips(index: HistoryIndex, writer: HistoryWriter, megabytes: number): void {
  const mostBytes = megabytes * 1e6;
  if (index.bytes <= mostBytes) return;
  const gone = new Set<number>();
  const places: number[] = [];
  for (const row of index.oldestFirst()) {
    const { clip } = row;
    if (clip === 0 || (index.bytes <= mostBytes && !gone.has(clip))) continue;
    gone.add(clip);
    index.setClip(row, noClip);
    places.push(row.place);
  }
  // What the disk does not forget is there again after the next start.
  writer.dropClips(places, [...gone]).catch(() => {});
}

/** The clips that these events have, and no others. @param rows They are not in the index any more. */
export function clipsOnlyOf(rows: readonly IndexRow[], index: HistoryIndex): number[] {
  return [...new Set(rows.map(({ clip }) => clip))].filter((clip) => clip > 0 && !index.hasClip(clip));
}
