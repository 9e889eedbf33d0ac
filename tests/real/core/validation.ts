import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DetectorCard } from '../../../sdk/core/cards/card.ts';
import { type Model, readPicture } from '../../../sdk/index.ts';
import type { EvaluatedPicture, TrueObject } from '../../../sdk/vision/average-precision.ts';
import { sharedData } from '../../support/needs.ts';

/** 64 photographs of COCO val2017 with their labels, where the data lies beside the checkout. */
export const validation = sharedData('coco', 'validation');
/** A detector as a user would bring it. */
export const yolox = sharedData('models', 'yolox_nano.onnx');

/** The card a user would write for it. */
export function yoloxCard(labels: readonly string[]): object {
  const card: Omit<DetectorCard, 'input' | 'thresholds'> & { input: object } = {
    name: 'yolox-nano',
    task: 'detect',
    input: { width: 416, height: 416, channels: 'BGR', align: 'top-left' },
    decoder: { type: 'yolox', strides: [8, 16, 32] },
    labels: [...labels],
  };
  return card;
}

/** What a model finds in the first `count` photographs, as accuracy is measured. */
export async function evaluateWith(model: Model, count = Infinity): Promise<EvaluatedPicture[]> {
  const names = readdirSync(validation!)
    .filter((name) => name.endsWith('.jpg'))
    .sort();
  const evaluated: EvaluatedPicture[] = [];
  for (const name of names.slice(0, count)) {
    const frame = await readPicture(join(validation!, name));
    const detections = await model.detect(frame, { scoreThreshold: 0.01, maxDetections: 300, multiLabel: true });
    const labels = readFileSync(join(validation!, name.replace('.jpg', '.txt')), 'utf8');
    evaluated.push({
      detections,
      truth: labels
        .split('\n')
        .filter(Boolean)
        .map((line) => objectOf(line, frame)),
    });
    frame.release();
  }
  return evaluated;
}

function objectOf(line: string, { width, height }: { width: number; height: number }): TrueObject {
  const [classId, x, y, w, h] = line.split(' ').map(Number) as [number, number, number, number, number];
  return {
    classId,
    box: [(x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height],
  };
}
