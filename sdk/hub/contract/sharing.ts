import type { Payload } from './payloads.ts';

const bundle = { contentType: 'application/octet-stream', schema: undefined } as const;

export const examples: Payload = {
  ...bundle,
  name: 'shared-examples',
  summary: 'safetensors: the embeddings of a node’s examples of a label, [signed](learning.md#sharing-between-boards)',
};

export const cuts: Payload = {
  ...bundle,
  name: 'shared-cuts',
  summary: 'safetensors without embeddings: what a node cuts out of the others’ examples',
};
