import { maskSource } from '../base/credentials.ts';
import { InputError } from '../base/errors.ts';
import type { CameraChange, CameraSettings } from './schema.ts';

/** A camera's settings as shown to others: with the passwords of its sources masked. */
export function withMaskedSource(settings: CameraSettings): CameraSettings {
  const { source, substream, snapshots } = settings;
  const shown = { source: maskSource(source), substream: maskSource(substream) };
  return { ...settings, ...shown, snapshots: { ...snapshots, source: maskSource(snapshots.source) } };
}

/**
 * A change by someone who sees masked sources: a source that comes back as it was shown means no change.
 *
 * @throws InputError when a source has a masked password and is not the one that was shown.
 */
export function withoutMaskedSource(change: CameraChange, settings: CameraSettings): CameraChange {
  const first = withoutMasked(change, 'source', settings.source, 'source');
  const outer = withoutMasked(first, 'substream', settings.substream, 'substream');
  const { snapshots } = change;
  // Anything but a map is left for validation.
  if (typeof snapshots !== 'object' || snapshots === null || Array.isArray(snapshots)) return outer;
  return { ...outer, snapshots: withoutMasked(snapshots, 'source', settings.snapshots.source, 'snapshots.source') };
}

function withoutMasked<K extends string, T extends { [key in K]?: string }>(
  change: T,
  key: K,
  present: string,
  path: string,
): T {
  const { [key]: source, ...rest } = change;
  if (source === undefined || source === maskSource(present)) return rest as unknown as T;
  if (typeof source === 'string' && source.includes('***')) {
    throw new InputError(`${path}: the password is not shown here; write it in full in place of ***`);
  }
  return change;
}
