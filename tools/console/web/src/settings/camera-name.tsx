import { useRef, useState } from 'preact/hooks';
import type { CameraState } from '../../../protocol.ts';
import { removeCamera, renameCamera } from '../api.ts';
import { attempt } from '../parts/attempt.ts';
import { Confirm } from '../parts/confirm.tsx';
import { linkTo } from '../route.ts';
import { NameForm } from './name-form.tsx';

/** Renames a camera, and removes it. */
export function CameraName({ camera: { name: camera, revision } }: { camera: CameraState }) {
  const [asks, setAsks] = useState(false);
  /** When it was asked. */
  const seen = useRef(revision);
  return (
    <>
      <NameForm
        id="camera-name"
        name="Name of the camera"
        help="Part of its MQTT topics and Home Assistant entities; its past events follow."
        value={camera}
        rename={async (to) => {
          await renameCamera(camera, to);
          location.replace(linkTo('settings', to));
        }}
      />
      <button
        type="button"
        class="button is-danger"
        onClick={() => {
          seen.current = revision;
          setAsks(true);
        }}
      >
        Remove this camera
      </button>
      {asks && (
        <Confirm
          title={`Remove ${camera}?`}
          action="Remove"
          onYes={() =>
            attempt(async () => {
              await removeCamera(camera, seen.current);
              location.replace(linkTo('settings'));
              return `${camera} is removed`;
            })
          }
          onClose={() => setAsks(false)}
        >
          Its settings, zones and Home Assistant entities go. Past events and what was taught stay. The other cameras
          pause for a moment.
        </Confirm>
      )}
    </>
  );
}
