import { expect, it } from 'vitest';
import { openDevice } from '../../devices/index.ts';
import { loadClassifier } from '../../sdk/core/classifier.ts';
import { loadModel } from '../../sdk/core/model.ts';
import { FramePool } from '../../sdk/frame/pool.ts';
import { readPicture } from '../../sdk/picture/picture.ts';
import { photo } from '../cli/cli.ts';

it('a frame is given back at the end of its block', () => {
  const pool = new FramePool({ format: 'GRAY8', width: 4, height: 2, capacity: 1 });
  {
    using frame = pool.frame(pool.take()!, { sequence: 0, captureTimeNs: 0, wallTimeMs: 0 });
    expect(frame.references).toBe(1);
    expect(pool.inUse).toBe(1);
  }
  expect(pool.inUse).toBe(0);
});

it('one that was kept stays', () => {
  const pool = new FramePool({ format: 'GRAY8', width: 4, height: 2, capacity: 1 });
  const kept = (() => {
    using frame = pool.frame(pool.take()!, { sequence: 0, captureTimeNs: 0, wallTimeMs: 0 });
    return frame.acquire();
  })();
  expect(kept.references).toBe(1);
  kept.release();
});

it.each(['scene:', 'auto:'])('%s is closed at the end of its block, and its frames are given back', async (uri) => {
  let device: Awaited<ReturnType<typeof openDevice>>;
  {
    await using opened = await openDevice(uri);
    device = opened;
    for await (using frame of device.frames()) {
      expect(frame.width).toBeGreaterThan(0);
      break;
    }
    expect(device.health.state).toBe('online');
  }
  expect(device.health.state).toBe('closed');
});

it('models are closed at the end of their block', async () => {
  using frame = await readPicture(photo('cat.jpg'));
  const closed = await (async () => {
    await using model = await loadModel();
    await using classifier = await loadClassifier();
    expect((await model.detect(frame)).at(0).label).toBe('cat');
    expect(await classifier.classify(frame, { topK: 1 })).toHaveLength(1);
    return { model, classifier };
  })();
  await expect(closed.model.detect(frame)).rejects.toThrow('was closed');
  await expect(closed.classifier.classify(frame)).rejects.toThrow('was closed');
});
