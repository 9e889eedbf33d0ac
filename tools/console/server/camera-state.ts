import { readFileSync } from 'node:fs';
import { maskCredentials } from '../../../devices/uri.ts';
import { asset } from '../../../sdk/assets.ts';
import type { Node } from '../../../sdk/pipeline/node.ts';
import type { Pipeline } from '../../../sdk/pipeline/pipeline.ts';
import type { CameraState, NodeState } from '../protocol.ts';

const { version } = JSON.parse(readFileSync(asset('package.json'), 'utf8')) as { version: string };

export function cameraState(pipeline: Pipeline): CameraState {
  const { name, status, moving, settings, counts, device, stats } = pipeline;
  return {
    name,
    status,
    moving,
    settings: { ...settings, source: maskCredentials(settings.source) },
    counts,
    source: device && device.health.state !== 'closed' ? sourceOf(device.properties) : undefined,
    lastError: status === 'online' ? undefined : stats.device.lastError,
  };
}

function sourceOf({ title, kind, width, height, fps, note }: NonNullable<CameraState['source']>) {
  return { title, kind, width, height, fps, note };
}

export function nodeState(node: Node, mqttUrl: string | undefined): NodeState {
  const card = node.isReady ? node.model.card : undefined;
  return {
    node: node.name,
    version,
    model: card && { name: card.name, title: card.title, labels: card.labels },
    mqtt: mqttUrl === undefined ? undefined : { url: mqttUrl, topic: `${node.settings.mqtt.base}/${node.name}` },
    cameras: [...node.pipelines.values()].map(cameraState),
  };
}
