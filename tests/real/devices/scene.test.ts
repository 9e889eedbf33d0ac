import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice } from '../../../devices/index.ts';
import { cast, cycleSeconds } from '../../../devices/scene/cast.ts';
import { CameraSettings } from '../../../sdk/config/schema.ts';
import { validate } from '../../../sdk/config/validate.ts';
import { loadModel, type Model } from '../../../sdk/core/model.ts';

describe('scene: seen by the default network', () => {
  let model: Model;
  beforeAll(async () => {
    model = await loadModel();
  });
  afterAll(() => model?.close());

  it('shows a person, a cat, a cup and a motorcycle, each all the time it stands there, and nothing else that is watched', async () => {
    // The cup's photograph has the table under it, which nobody watches by default.
    const watched = new Set(validate(CameraSettings, {}, 'a camera').detect.labels);
    const fps = 4;
    const device = await openDevice('scene:', { speed: 'max', fps });
    const others: string[] = [];
    const best = new Map(cast.map(({ label }) => [label, [] as number[]]));
    for await (const frame of device.frames()) {
      const time = frame.sequence / fps;
      const found = await model.detect(frame, { scoreThreshold: 0.3 });
      frame.release();
      for (const { label, comes, stands, leaves, gone } of cast) {
        const score = Math.max(0, ...[...found].filter((one) => one.label === label).map((one) => one.score));
        if (time >= stands && time < leaves) best.get(label)!.push(score);
        if ((time < comes || time >= gone) && score > 0.5)
          others.push(`${label} ${score} at ${time} s, when it is away`);
      }
      for (const { label, score } of found) {
        if (score > 0.5 && watched.has(label) && !best.has(label)) others.push(`${label} ${score} at ${time} s`);
      }
      if (time >= cycleSeconds) break;
    }
    await device.close();
    expect(others).toEqual([]);
    for (const [label, scores] of best) expect(Math.min(...scores), label).toBeGreaterThan(0.5);
  });
});
