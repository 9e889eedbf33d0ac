import type { CameraStats } from '../../../protocol.ts';
import type { Sample } from '../store.ts';

/** The stages with times, in the order a frame passes them. */
export const stages = ['motion', 'queue', 'preprocess', 'infer', 'decode', 'track'] as const;
export type Stage = (typeof stages)[number];

/** A camera's figures over time, oldest first. */
export function cameraSeries(history: readonly Sample[], camera: string): CameraStats[] {
  return history.flatMap(({ stats }) => stats.cameras[camera] ?? []);
}

/** Frames per second of each kind between consecutive samples. */
export function frameRates(history: readonly Sample[], camera: string): Record<keyof CameraStats['frames'], number[]> {
  const rates: Record<keyof CameraStats['frames'], number[]> = {
    in: [],
    dropped: [],
    gated: [],
    late: [],
    inferred: [],
  };
  for (let i = 1; i < history.length; i++) {
    const before = history[i - 1]!.stats.cameras[camera]?.frames;
    const after = history[i]!.stats.cameras[camera]?.frames;
    const seconds = (history[i]!.time - history[i - 1]!.time) / 1000;
    if (!before || !after || seconds <= 0) continue;
    // Totals restart when Ocellus does.
    for (const kind of Object.keys(rates) as (keyof typeof rates)[]) {
      rates[kind].push(Math.max(0, after[kind] - before[kind]) / seconds);
    }
  }
  return rates;
}

/** The end of an axis from 0: 1, 2 or 5 times a power of ten, not below any value. */
export function axisEnd(values: readonly number[], least: number): number {
  const largest = Math.max(least, ...values);
  const power = 10 ** Math.floor(Math.log10(largest));
  return [1, 2, 5, 10].map((step) => step * power).find((end) => end >= largest * 0.999)!;
}

/** The lower and upper edge of each series when stacked. */
export function stacked(series: readonly (readonly number[])[]): { low: number[]; high: number[] }[] {
  let below = (series[0] ?? []).map(() => 0);
  return series.map((values) => {
    const low = below;
    const high = values.map((value, index) => low[index]! + value);
    below = high;
    return { low, high };
  });
}
