import { Fates, type WhyReport } from '../vision/fates.ts';
import type { Track } from '../vision/track.ts';
import type { PipelineStats } from './events.ts';
import type { Watch } from './frame-way.ts';
import type { Wired } from './wiring.ts';

/** What became of the frames of a pipeline, and where their time went. */
export function statsOf(
  { meters, source, streams, settings, options }: Wired,
  tracks: readonly Track[],
): PipelineStats {
  const objects = tracks.filter((track) => track.confirmed).length;
  const stats = meters.stats(performance.now(), objects, source.dropped, source.health);
  return { ...stats, stream: streams.of(settings.now), clips: options.clips?.stats };
}

/** @param watch Undefined before the first start. */
export const whyOf = (watch: Watch | undefined): WhyReport => (watch?.parts.fates ?? new Fates()).report;
