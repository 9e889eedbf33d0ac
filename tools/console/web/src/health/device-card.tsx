import type { CameraState, CameraStats } from '../../../protocol.ts';
import { count, percent } from '../format.ts';
import { Facts } from '../parts/facts.tsx';

const words = { online: 'Online', offline: 'Offline', disabled: 'Switched off' } as const;

const inAll = (total: number, lastHour: number) => `${count(total)}, ${count(lastHour)} in the last hour`;

export function DeviceCard({ camera, stats }: { camera: CameraState; stats: CameraStats | undefined }) {
  const device = stats?.device;
  const opened = camera.source.opened;
  const facts: [string, string | number][] =
    stats && device
      ? [
          ['Source', camera.source.uri],
          ['Read as', opened?.title ?? '–'],
          ['Pictures a second', stats.fps.in.toFixed(1)],
          ['Looked at', `${stats.fps.inferred.toFixed(1)} a second`],
          [
            'Places in a picture',
            `${stats.gaze.regions.toFixed(1)}, ${percent(stats.gaze.time_share)} of the time closer`,
          ],
          ['Pictures', count(stats.frames.in)],
          ['Replaced by newer ones', count(stats.frames.dropped)],
          ['Damaged', count(device.corrupt)],
          ['Opened again', inAll(device.restarts, device.reconnects_last_hour)],
          ['Stood still', inAll(device.stalls, device.stalls_last_hour)],
        ]
      : [];
  return (
    <div class="card panel">
      <div class="panel-head">
        <h3>Camera</h3>
        <span class={`pill is-${camera.status}`}>
          <span class={`dot is-${camera.status}`} />
          {words[camera.status]}
        </span>
      </div>
      <Facts facts={facts} />
      {device?.last_error && (
        <p class="field-error">
          <strong>Last error:</strong> {device.last_error}
        </p>
      )}
    </div>
  );
}
