import { basename } from 'node:path';
import type { TInteger } from '@sinclair/typebox';
import { maskCredentials, maskSource } from '../../../sdk/base/credentials.ts';
import { withMaskedSource } from '../../../sdk/config/masked-source.ts';
import { HistorySettings, type Settings } from '../../../sdk/config/schema.ts';
import type { BoardState, CameraState, ConsoleState, SourceState, ViewState } from '../protocol.ts';
import type { FileState } from './board.ts';
import type { ConsoleCamera } from './source.ts';

/** A camera as the page sees it: without passwords. */
export function cameraState(
  camera: ConsoleCamera,
  crossings: CameraState['crossings'],
  states: ViewState[] = [],
): CameraState {
  const { name, status, moving, revision, settings, labels, knownLabels, counts } = camera;
  return {
    name,
    status,
    moving,
    revision,
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

/** The settings file as the page shows it. */
export function fileState({ path, trouble, waits, unwritten }: FileState): BoardState['file'] {
  return { name: basename(path), trouble, waits: [...waits], unwritten };
}

/** What is kept of past events, and what may be. */
export function keptState({ history, storage }: Pick<Settings, 'history' | 'storage'>): BoardState['history'] {
  const { days, megabytes, enabled, clips } = history;
  const { properties } = HistorySettings;
  const rangeOf = ({ minimum, maximum }: TInteger): [number, number] => [minimum!, maximum!];
  return {
    ...{ days, megabytes, clips: { enabled: clips.enabled, software: clips.software } },
    ranges: { days: rangeOf(properties.days), megabytes: rangeOf(properties.megabytes) },
    on_disk: enabled && storage.keep === 'disk',
  };
}

/** The broker as the page shows it. */
export function mqttState(url: string | undefined, root: string): ConsoleState['mqtt'] {
  return url === undefined ? null : { url: maskCredentials(url), root };
}
