import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { validate } from '../../sdk/config/validate.ts';
import { DetectorCard } from '../../sdk/core/cards/card.ts';
import { onnxModel } from './onnx-builder.ts';

/** A card for tests, defaults filled in: 32x32 pixels in, two labels. */
export function card(decoder: DetectorCard['decoder'], change: Record<string, unknown> = {}): DetectorCard {
  return validate(DetectorCard, rawCard(decoder, change), 'the card');
}

/** The same as a person writes it. */
export function rawCard(
  decoder: DetectorCard['decoder'],
  change: Record<string, unknown> = {},
): Record<string, unknown> {
  return { name: 'tiny', task: 'detect', input: { width: 32, height: 32 }, decoder, labels: ['cat', 'dog'], ...change };
}

/** A classifier's, as a person writes it: 8x8 pixels in, for `meansModel`. */
export function rawClassifierCard(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: 'means',
    task: 'classify',
    input: { width: 8, height: 8, std: [100, 100, 100] },
    outputs: { embedding: 'embedding', logits: 'logits' },
    dimension: 3,
    labels: ['red', 'green', 'blue'],
    ...change,
  };
}

/** A classifier whose embedding, and logits, are the means of red, green and blue. */
export function meansModel(batch: number | string = 'batch'): Uint8Array<ArrayBuffer> {
  return onnxModel({
    inputs: [{ name: 'images', shape: [batch, 3, 8, 8] }],
    outputs: [
      { name: 'embedding', shape: [batch, 3] },
      { name: 'logits', shape: [batch, 3] },
    ],
    operations: [
      { op: 'GlobalAveragePool', inputs: ['images'], outputs: ['means'] },
      { op: 'Flatten', inputs: ['means'], outputs: ['embedding'] },
      { op: 'Identity', inputs: ['embedding'], outputs: ['logits'] },
    ],
  });
}

export const input = { name: 'images', shape: [1, 3, 32, 32] };

/** A folder for the models of one test file; removed after it. */
export function modelFolder(): { write: (name: string, content: Uint8Array | string | object) => Promise<string> } {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ocellus-model-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return {
    async write(name, content) {
      const path = join(folder, name);
      const bytes = typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content);
      await writeFile(path, bytes);
      return path;
    },
  };
}

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
