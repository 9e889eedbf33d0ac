import { maskSource } from '../../devices/uri.ts';
import type { CameraChange, CameraSettings } from '../config/schema.ts';
import { InputError } from '../errors.ts';

/** A camera's settings for others to see: the password of its source is masked. */
export function withMaskedSource(settings: CameraSettings): CameraSettings {
  return { ...settings, source: maskSource(settings.source) };
}

/**
 * A change by someone who sees the source masked: one that comes back as it was shown means no change.
 *
 * @throws InputError when it has a masked password and is not the one that was shown.
 */
export function withoutMaskedSource(change: CameraChange, settings: CameraSettings): CameraChange {
  const { source, ...rest } = change;
  if (source === undefined || source === maskSource(settings.source)) return rest;
  if (typeof source === 'string' && source.includes('***')) {
    throw new InputError('source: the password is not shown here; write it in full in place of ***');
  }
  return change;
}
