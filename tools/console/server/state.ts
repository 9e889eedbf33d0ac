import { maskCredentials, maskSource } from '../../../sdk/base/credentials.ts';
import { withMaskedSource } from '../../../sdk/config/masked-source.ts';
import type { CameraState, ConsoleState, SourceState, ViewState } from '../protocol.ts';
import type { ConsoleCamera } from './source.ts';

/** A camera as the page sees it: without passwords. */
export function cameraState(
  camera: ConsoleCamera,
  crossings: CameraState['crossings'],
  states: ViewState[] = [],
): CameraState {
  const { name, status, moving, settings, labels, knownLabels, counts } = camera;
  return {
    name,
    status,
    moving,
    settings: withMaskedSource(settings),
    source: sourceState(camera),
    labels: [...labels],
    known_labels: [...knownLabels],
    counts: [...counts],
    crossings,
    states,
  };
}

export function sourceState(camera: ConsoleCamera): SourceState {
  return { uri: maskSource(camera.settings.source), opened: opened(camera) };
}

function opened({ device }: ConsoleCamera): SourceState['opened'] {
  if (!device) return null;
  const { kind, title, width, height, fps, note } = device.properties;
  return {
    kind,
    title: maskCredentials(title),
    width,
    height,
    fps: fps ?? null,
    note: note === undefined ? null : maskCredentials(note),
  };
}

/** The broker as the page shows it. */
export function mqttState(url: string | undefined, root: string): ConsoleState['mqtt'] {
  return url === undefined ? null : { url: maskCredentials(url), root };
}
