import type { CameraState } from '../../../protocol.ts';
import { fetchWhy } from '../api.ts';
import { usePolled } from '../parts/use-polled.ts';

const everyMs = 5000;

/** What a threshold would have told of the last ten minutes; undefined until that is known. */
export function useWhatIf({ name, settings, status }: CameraState): (threshold: number) => string | undefined {
  const objects = usePolled(fetchWhy, name, everyMs)?.objects;
  const own = settings.detect.thresholds;
  return (threshold) => {
    if (!objects || status !== 'online') return undefined;
    const told = objects.filter(
      ({ label, told_up_to: upTo }) => !(label in own) && upTo !== null && upTo >= threshold,
    ).length;
    const seen = objects.filter(({ label, told_up_to: upTo }) => !(label in own) && upTo !== null).length;
    if (seen === 0) return 'Nothing was seen in the last ten minutes to compare with.';
    return `In the last ten minutes about ${told} of ${seen} objects would have been told.`;
  };
}
