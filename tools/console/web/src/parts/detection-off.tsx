import type { CameraState } from '../../../protocol.ts';
import { Icon } from './icons.tsx';

/** Says that nothing is detected on a camera, and why; nothing where it is. */
export function DetectionOff({ camera, named }: { camera: CameraState; named?: boolean }) {
  const { enabled, detect } = camera.settings;
  if (detect.enabled && (enabled || !named)) return null;
  const what = enabled ? 'Detection is off' : 'Camera is off';
  if (!named) return <span class="pill is-off">{what}</span>;
  return (
    <p class="note is-hint">
      <Icon name="info" />
      <span>
        <strong>
          {what}: {camera.name}.
        </strong>{' '}
        No new events come from it until it is switched on under Settings.
      </span>
    </p>
  );
}
