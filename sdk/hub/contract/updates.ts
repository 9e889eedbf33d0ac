import { Type } from '@sinclair/typebox';
import type { UpdateState } from '../../update/node-updates.ts';
import type { Payload } from './payloads.ts';

/** Home Assistant refuses a state with another key, or with null in place of a text, as a whole. */
export const updateState: Payload = {
  name: 'update',
  contentType: 'application/json',
  schema: Type.Object(
    {
      installed_version: Type.String(),
      latest_version: Type.String({ description: 'The newest that was heard of.' }),
      title: Type.String(),
      release_url: Type.String({ description: 'What is new; may be empty.' }),
      release_summary: Type.String({
        maxLength: 255,
        description: 'What went wrong with the last check or update; empty where nothing did.',
      }),
      in_progress: Type.Boolean(),
      update_percentage: Type.Union([Type.Number({ minimum: 0, maximum: 100 }), Type.Null()]),
    },
    { additionalProperties: false },
  ),
  summary:
    '`{"installed_version", "latest_version", "title", "release_url", "release_summary", "in_progress", "update_percentage"}`',
};

/** As Home Assistant's update entity reads it. */
export function updateToWire({ problem, releaseUrl, ...state }: UpdateState): object {
  return {
    installed_version: state.installedVersion,
    latest_version: state.latestVersion,
    title: state.title,
    release_url: releaseUrl ?? '',
    release_summary: (problem ?? '').slice(0, 255),
    in_progress: state.inProgress,
    update_percentage: state.updatePercentage,
  };
}

export const release: Payload = {
  name: 'release',
  contentType: 'text/plain',
  schema: Type.String({ pattern: '^https?://', maxLength: 2000 }),
  summary: 'the address of a release’s `update.json`',
};
