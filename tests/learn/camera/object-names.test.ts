import { describe, expect, it } from 'vitest';
import { ObjectNames } from '../../../sdk/learn/camera/object-names.ts';
import type { Track } from '../../../sdk/vision/track.ts';
import { greyFrame, track } from '../../vision/fakes.ts';
import { FakeOracle } from '../oracle.ts';

const dark = track({ id: 1, box: [20, 20, 100, 100] });
const bright = track({ id: 2, box: [200, 20, 280, 100] });

/** A dark and a bright thing on grey. */
const frameAt = (seconds: number) =>
  greyFrame(seconds, {
    noise: 0,
    draw: (canvas) => {
      canvas.rectangle([20, 20, 100, 100], 20);
      canvas.rectangle([200, 20, 280, 100], 240);
    },
  });

async function look(names: ObjectNames, seconds: number, tracks: readonly Track[] = [dark, bright]): Promise<void> {
  const frame = frameAt(seconds);
  await names.look(frame, tracks);
  frame.release();
}

describe('ObjectNames', () => {
  it('asks the network for nothing before something was taught, and keeps pictures', async () => {
    const oracle = new FakeOracle();
    const names = new ObjectNames(oracle);
    await look(names, 1);
    expect(oracle.asked).toEqual([]);
    expect(names.nameOf(1)).toBeUndefined();
    expect(names.tracks.map(({ trackId, views }) => [trackId, views.length])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    const [view] = names.tracks[0]!.views;
    expect(view!.jpeg.subarray(0, 2).toString('hex')).toBe('ffd8');
  });

  it('names what is taught from the pictures it kept, at once', async () => {
    const oracle = new FakeOracle();
    const names = new ObjectNames(oracle);
    await look(names, 1);
    oracle.teach(['the cat', undefined, 'the lamp']);
    await names.renew();
    expect(names.nameOf(1)).toMatchObject({ label: 'the cat', score: expect.closeTo(0.9, 0) });
    expect(names.nameOf(2)).toMatchObject({ label: 'the lamp' });
    oracle.teach(['Tom', undefined, 'the lamp']);
    expect(names.nameOf(1)!.label, 'before it is told').toBe('the cat');
    await names.renew();
    expect(names.nameOf(1)!.label).toBe('Tom');
  });

  it('asks for all looks of a frame in one call, and not again while they are good enough', async () => {
    const oracle = new FakeOracle();
    oracle.teach(['the cat', undefined, 'the lamp']);
    const names = new ObjectNames(oracle);
    for (const seconds of [1, 1.1, 2, 3, 4, 5]) await look(names, seconds);
    expect(oracle.asked).toEqual([2, 2, 2]);
    expect(names.nameOf(2)!.label).toBe('the lamp');
  });

  it('looks at what is there, is sure, and at a few at once', async () => {
    const oracle = new FakeOracle();
    oracle.teach(['the cat', undefined]);
    const names = new ObjectNames(oracle);
    await look(names, 1, [
      { ...dark, confirmed: false },
      { ...bright, visible: false },
    ]);
    expect(oracle.asked).toEqual([]);
    await look(
      names,
      2,
      Array.from({ length: 20 }, (_, id) => ({ ...dark, id })),
    );
    expect(oracle.asked).toEqual([6]);
  });

  it('gives no name to what is not known, nor where the looks say different things', async () => {
    const oracle = new FakeOracle();
    oracle.teach(['the cat', undefined]);
    const names = new ObjectNames(oracle);
    // The same number on a dark thing, then on a bright one, which nobody taught.
    await look(names, 1, [dark]);
    await look(names, 2, [{ ...bright, id: 1 }]);
    expect(names.nameOf(1)).toBeUndefined();
    await look(names, 3, [dark]);
    expect(names.nameOf(1)).toMatchObject({ label: 'the cat' });
  });

  it('finds the looks at a track by the id of its event, after it is gone too', async () => {
    const names = new ObjectNames(new FakeOracle());
    await look(names, 1);
    names.noteEvent('event-2', 2);
    await look(names, 2, []);
    names.reset();
    expect(names.tracks.map(({ trackId, eventId, isOver }) => [trackId, eventId, isOver])).toEqual([
      [1, undefined, true],
      [2, 'event-2', true],
    ]);
    const views = await names.embeddedViewsOf({ event: 'event-2' });
    expect(views.map(({ embedding }) => embedding.values.length)).toEqual([64]);
    expect(await names.embeddedViewsOf({ event: 'event-3' })).toEqual([]);
    expect(await names.embeddedViewsOf({ track: 9 })).toEqual([]);
  });

  it('gives the looks that were held when it was asked, though better ones come while the network is loaded', async () => {
    const oracle = new FakeOracle();
    const names = new ObjectNames(oracle);
    await look(names, 1, [{ ...dark, box: [20, 20, 50, 50] }]);
    const [held] = names.viewsOf({ track: 1 });
    const embed = oracle.embed.bind(oracle);
    let loaded = () => {};
    const loading = new Promise<void>((resolve) => {
      loaded = resolve;
    });
    oracle.embed = (...args) => loading.then(() => embed(...args));
    const asked = names.embeddedViewsOf({ track: 1 });
    for (const seconds of [2, 3, 4]) await look(names, seconds, [dark]);
    expect(names.viewsOf({ track: 1 })).not.toContain(held);
    loaded();
    expect(await asked).toEqual([{ ...held, embedding: expect.anything() }]);
  });

  it('keeps the names of a busy camera within bounds', async () => {
    const oracle = new FakeOracle();
    oracle.teach(['the cat', undefined]);
    const names = new ObjectNames(oracle);
    for (let id = 1; id <= 150; id++) {
      await look(names, id, [{ ...dark, id }]);
      expect(names.nameOf(id)).toMatchObject({ label: 'the cat' });
    }
    expect(names.tracks.length).toBeLessThanOrEqual(101);
    expect(names.nameOf(1), 'forgotten').toBeUndefined();
  });
});
