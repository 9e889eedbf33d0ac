import type { CameraState } from '../../../protocol.ts';
import { colourOf } from '../colours.ts';

/** The states of a camera's whole view. */
export function ViewStates({ camera }: { camera: CameraState }) {
  if (camera.states.length === 0) return null;
  return (
    <ul class="view-states" aria-label={`States of ${camera.name}`}>
      {camera.states.map(({ head, state }) => (
        <li key={head} class="pill" style={{ '--label': colourOf(state) }}>
          <span class="swatch" />
          <span class="muted">{head}</span>
          {state}
        </li>
      ))}
    </ul>
  );
}
