import type { CameraChange, CameraSettings } from '../../../protocol.ts';
import { wholeMaps } from '../save/merge.ts';

type Fields = Record<string, unknown>;

/**
 * The change that takes another one back.
 *
 * @returns Undefined where that is not possible: a source is shown without its password.
 */
export function inverseOf(change: CameraChange, before: CameraSettings): CameraChange | undefined {
  const inverse = backTo(change as Fields, before as unknown as Fields);
  return JSON.stringify(inverse).includes('***') ? undefined : (inverse as CameraChange);
}

function backTo(change: Fields, before: Fields): Fields {
  return Object.fromEntries(
    Object.entries(change).map(([key, value]) => {
      const isPart = typeof value === 'object' && value !== null && !Array.isArray(value) && !wholeMaps.includes(key);
      return [key, isPart ? backTo(value as Fields, before[key] as Fields) : before[key]];
    }),
  );
}

/**
 * What this page sets, as it is where nobody set anything; the source stays.
 *
 * @param known All labels of the model.
 */
export function defaultsOf(
  { detect, motion, snapshots, learn, ...defaults }: CameraSettings,
  known: readonly string[],
): CameraChange {
  const { transport, hardware_decoding } = defaults;
  const { enabled, threshold, thresholds } = detect;
  const labels = detect.labels.filter((label) => known.includes(label));
  return {
    ...{ enabled: true, transport, hardware_decoding },
    detect: { enabled, threshold, thresholds, labels },
    motion: { enabled: motion.enabled, sensitivity: motion.sensitivity },
    snapshots: { enabled: snapshots.enabled },
    learn: { enabled: learn.enabled },
  };
}
