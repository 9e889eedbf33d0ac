import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createDevice, openDevice } from '../../../devices/index.ts';
import { type Actor, cast, cycleSeconds, positionOf, sceneHeight, sceneWidth } from '../../../devices/scene/cast.ts';
import type { Frame } from '../../../sdk/frame/frame.ts';

async function frames(count: number, fps: number, see: (frame: Frame) => void): Promise<void> {
  const device = await openDevice('scene:', { speed: 'max', fps });
  for await (const frame of device.frames()) {
    see(frame);
    frame.release();
    if (frame.sequence === count - 1) break;
  }
  await device.close();
  expect(device.health).toMatchObject({ state: 'closed', dropped: 0 });
}

/** Mean difference of the luma of two frames. */
function difference(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += Math.abs(a[at]! - b[at]!);
  return sum / a.length;
}

describe('the cast', () => {
  const widthOf = ({ crop, height }: Actor) => Math.round((crop.width * height) / crop.height / 2) * 2;

  it.each(cast.map((actor) => [actor.label, actor] as const))('%s comes, stands in full view, and goes', (_, actor) => {
    const width = widthOf(actor);
    expect(actor.x).toBeGreaterThanOrEqual(0);
    expect(actor.x + width).toBeLessThanOrEqual(sceneWidth);
    expect(positionOf(actor, width, actor.comes - 0.01)).toBeUndefined();
    expect(positionOf(actor, width, actor.comes)).toBe(actor.from === 'left' ? -width : sceneWidth);
    for (let time = actor.stands; time < actor.leaves; time += 0.1) {
      expect(positionOf(actor, width, time)).toBe(actor.x);
    }
    expect(positionOf(actor, width, actor.gone)).toBeUndefined();
    expect(actor.gone).toBeLessThan(cycleSeconds);
  });

  it('never stand in front of each other', () => {
    for (let time = 0; time < cycleSeconds; time += 0.1) {
      const spans = cast
        .map((actor) => ({ from: positionOf(actor, widthOf(actor), time), width: widthOf(actor), actor }))
        .filter(({ from, actor }) => from !== undefined && time >= actor.stands && time < actor.leaves)
        .sort((a, b) => a.from! - b.from!);
      spans.slice(1).forEach(({ from }, index) => {
        expect(from!).toBeGreaterThanOrEqual(spans[index]!.from! + spans[index]!.width);
      });
    }
  });
});

describe('scene:', () => {
  it('says what it is', async () => {
    const device = await openDevice('scene:');
    expect(device.properties).toEqual({
      kind: 'scene',
      title: 'Built-in scene',
      format: 'I420',
      width: sceneWidth,
      height: sceneHeight,
      fps: 10,
      colour: { matrix: 'bt601', range: 'limited' },
      live: true,
    });
    await device.close();
    await expect(createDevice('scene:garden').open()).rejects.toThrow(/expected scene: alone/);
  });

  it('is the same each time, with media times at speed max', async () => {
    const digests = [new Set<string>(), new Set<string>()];
    for (const digest of digests) {
      await frames(50, 10, ({ sequence, wallTimeMs, captureTimeNs, planes }) => {
        expect([wallTimeMs, captureTimeNs]).toEqual([sequence * 100, sequence * 1e8]);
        const hash = createHash('sha256');
        for (const { data } of planes) hash.update(data);
        digest.add(hash.digest('hex'));
      });
    }
    expect(digests[0]).toEqual(digests[1]);
  });

  it('moves only while somebody comes or goes, and ends where it began', async () => {
    const perSecond = 2;
    const moving = (time: number) =>
      cast.some(
        ({ comes, stands, leaves, gone }) => (time > comes && time <= stands) || (time > leaves && time <= gone),
      );
    let before: Uint8Array | undefined;
    let first: Uint8Array | undefined;
    let last: Uint8Array | undefined;
    await frames(cycleSeconds * perSecond + 1, perSecond, ({ sequence, planes }) => {
      const luma = planes[0]!.data.slice();
      // Noise alone differs by less than two steps; a photograph that moves by much more.
      if (before)
        expect(difference(luma, before) > 2, `moves at ${sequence / perSecond} s`).toBe(moving(sequence / perSecond));
      first ??= luma;
      before = luma;
      last = luma;
    });
    expect(difference(first!, last!)).toBeLessThan(2);
  });

  it('goes on in real time, and does not make up for what a blocked process missed', async () => {
    const before = Date.now() - 1000;
    const device = await openDevice('scene:', { fps: 50 });
    const seen: number[] = [];
    for await (const frame of device.frames()) {
      expect(frame.wallTimeMs).toBeGreaterThan(before);
      expect(frame.wallTimeMs).toBeLessThanOrEqual(Date.now() + 1);
      seen.push(frame.sequence);
      frame.release();
      if (seen.length === 3) {
        const until = Date.now() + 200;
        while (Date.now() < until);
      }
      if (seen.length === 6) break;
    }
    await device.close();
    expect(seen[5]! - seen[2]!).toBeGreaterThan(8);
    expect(device.health.dropped).toBeGreaterThan(5);
    expect(device.health.frames).toBeGreaterThanOrEqual(seen[5]! + 1);
  });

  it('waits for its reader at speed max', async () => {
    const device = await openDevice('scene:', { speed: 'max' });
    const frames = device.frames();
    const kept: Frame[] = [];
    for (let count = 0; count < 7; count++) kept.push((await frames.next()).value);
    for (const frame of kept) frame.release();
    for (let count = 7; count < 20; count++) {
      const { value } = await frames.next();
      expect(value.sequence).toBe(count);
      value.release();
    }
    await device.close();
    expect(device.health.dropped).toBe(0);
  });
});
