import { toWire } from '../../sdk/base/wire.ts';
import { floatsOf } from './floats.ts';
import type { Answer } from './task.ts';

/** An answer as JSON, with keys in snake case: as `ocellus detect --json` and `classify --json` round it. */
export function jsonOf({ detections, embedding, classes, ...answer }: Answer): string {
  const told = {
    ...(detections && { detections }),
    ...(embedding && { embedding: [...floatsOf(embedding)] }),
    ...(classes && { classes: classes.map(({ score, ...one }) => ({ ...one, score: Number(score.toFixed(4)) })) }),
  };
  return JSON.stringify(toWire({ ...answer, ...told }));
}
