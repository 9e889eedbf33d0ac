import { maskSource } from '../base/credentials.ts';
import { InputError } from '../base/errors.ts';
import type { CameraChange, CameraSettings } from './schema.ts';

/** A camera's settings as shown to others: with the passwords of its sources masked. */
export function withMaskedSource(settings: CameraSettings): CameraSettings {
  const { source, snapshots } = settings;
  return { ...settings, source: maskSource(source), snapshots: { ...snapshots, source: maskSource(snapshots.source) } };
}

/**
 * A change by someone who sees masked sources: a source that comes back as it was shown means no change.
 *
 * @throws InputError when a source has a masked password and is not the one that was shown.
 */
export function withoutMaskedSource(change: CameraChange, settings: CameraSettings): CameraChange {
  const outer = withoutMasked(change, settings.source, 'source');
  const { snapshots } = change;
  // Anything but a map is left for validation.
  if (typeof snapshots !== 'object' || snapshots === null || Array.isArray(snapshots)) return outer;
  return { ...outer, snapshots: withoutMasked(snapshots, settings.snapshots.source, 'snapshots.source') };
}

function withoutMasked<T extends { source?: string }>(change: T, present: string, path: string): T {
  const { source, ...rest } = change;
  if (source === undefined || source === maskSource(present)) return rest as T;
  if (typeof source === 'string' && source.includes('***')) {
    throw new InputError(`${path}: the password is not shown here; write it in full in place of ***`);
  }
  return change;
}
