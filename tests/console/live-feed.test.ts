import { describe, expect, it } from 'vitest';
import type { Frame } from '../../sdk/frame/frame.ts';
import { unpackLive } from '../../tools/console/protocol.ts';
import { LiveFeed, liveTrack, type Viewer } from '../../tools/console/server/live-feed.ts';
import { greyFrame, track } from './fakes.ts';

class FakeViewer implements Viewer {
  ready = true;
  readonly messages: Uint8Array[] = [];

  sendFrame(message: Uint8Array): void {
    this.messages.push(message);
  }

  get headers() {
    return this.messages.map((message) => unpackLive(message.slice().buffer as ArrayBuffer).header);
  }
}

/** Encodings wait until the test lets them go. */
function slowEncoder() {
  const calls: { frame: Frame; maxHeight: number; finish(): void; fail(error: Error): void }[] = [];
  const encode = (frame: Frame, { maxHeight }: { maxHeight: number }) =>
    new Promise<Buffer>((resolve, reject) => {
      calls.push({ frame, maxHeight, finish: () => resolve(Buffer.from(`jpeg ${frame.sequence}`)), fail: reject });
    });
  return { calls, encode };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const report = (frame: Frame, tracks = [track()]) => ({ frame, tracks, inferred: true, moving: true });
const errors: unknown[] = [];
const onError = (error: unknown) => errors.push(error);
const fast = { maxHeight: 360, fps: 15 };

describe('LiveFeed', () => {
  it('encodes nothing and holds no frame while nobody looks', async () => {
    const { calls, encode } = slowEncoder();
    const feed = new LiveFeed('door', { encode, onError });
    const viewer = new FakeViewer();
    const first = greyFrame(1);
    feed.offer(report(first.frame));
    first.frame.release();
    expect(first.freed()).toBe(true);
    feed.watch(viewer, fast);
    feed.unwatch(viewer);
    const second = greyFrame(2);
    feed.offer(report(second.frame));
    second.frame.release();
    await settle();
    expect(second.freed()).toBe(true);
    expect(calls).toEqual([]);
  });

  it('says where the network looked last, also in frames that it did not run on', async () => {
    const { calls, encode } = slowEncoder();
    const feed = new LiveFeed('door', { encode, onError });
    const viewer = new FakeViewer();
    const regions = [{ x: 10, y: 20, width: 30, height: 40 }];
    // Nobody looks yet.
    feed.offer({ ...report(greyFrame(1).frame), regions });
    feed.watch(viewer, fast);
    feed.offer({ ...report(greyFrame(2).frame), inferred: false });
    calls.shift()!.finish();
    await settle();
    expect(viewer.headers).toMatchObject([{ inferred: false, regions: [[10, 20, 40, 60]] }]);
  });

  it('sends the boxes of exactly the frame whose picture it is, and says their size', async () => {
    const { calls, encode } = slowEncoder();
    const feed = new LiveFeed('door', { encode, onError });
    const viewer = new FakeViewer();
    feed.watch(viewer, fast);
    const tracks = [
      track(),
      track({
        id: 4,
        label: 'cat',
        box: [0.04, 1.06, 2, 3],
        currentZones: ['mat'],
        subLabel: { label: 'the cat from next door', score: 0.8768 },
        keypoints: [{ name: 'nose', x: 1.234, y: 2, score: 0.87654 }],
        skeleton: [],
        mask: [[[0, 1.06], [2, 1], [2, 3]]], // biome-ignore format: a line
      }),
    ];
    const { frame, freed } = greyFrame(7);
    feed.offer(report(frame, tracks));
    frame.release();
    // The tracker goes on meanwhile; the header must not.
    tracks.length = 0;
    calls[0]!.finish();
    await settle();
    const { header, jpeg } = unpackLive(viewer.messages[0]!.slice().buffer as ArrayBuffer);
    expect(Buffer.from(jpeg).toString()).toBe('jpeg 7');
    expect(header).toMatchObject({ camera: 'door', sequence: 7, width: 64, height: 48, inferred: true, moving: true });
    expect(header.tracks).toEqual([
      liveTrack(track()),
      {
        id: 4,
        label: 'cat',
        sub_label: 'the cat from next door',
        sub_label_score: 0.877,
        score: 0.81,
        box: [0, 1.1, 2, 3],
        stationary: false,
        confirmed: true,
        visible: true,
        zones: ['mat'],
        keypoints: [{ name: 'nose', x: 1.2, y: 2, score: 0.8765 }],
        skeleton: [],
        mask: [[[0, 1.1], [2, 1], [2, 3]]], // biome-ignore format: a line
      },
    ]);
    expect(freed()).toBe(true);
  });

  it('keeps only the newest frame while one is encoded, and gives the others back', async () => {
    const { calls, encode } = slowEncoder();
    const feed = new LiveFeed('door', { encode, onError });
    const viewer = new FakeViewer();
    feed.watch(viewer, { maxHeight: 360, fps: 15 });
    const frames = [1, 2, 3, 4].map((sequence) => greyFrame(sequence));
    for (const { frame } of frames) {
      feed.offer(report(frame));
      frame.release();
    }
    expect(calls.map(({ frame }) => frame.sequence)).toEqual([1]);
    expect(frames.map(({ freed }) => freed())).toEqual([false, true, true, false]);
    // So long that the viewer's turn has come again.
    await new Promise((resolve) => setTimeout(resolve, 80));
    calls[0]!.finish();
    await settle();
    expect(frames[0]!.freed()).toBe(true);
    await expect.poll(() => calls.length).toBe(2);
    calls[1]!.finish();
    await settle();
    expect(viewer.headers.map(({ sequence }) => sequence)).toEqual([1, 4]);
    expect(frames[3]!.freed()).toBe(true);
  });

  it('encodes once for all who want about the same size', async () => {
    const { calls, encode } = slowEncoder();
    const feed = new LiveFeed('door', { encode, onError });
    const viewers = [new FakeViewer(), new FakeViewer(), new FakeViewer()];
    for (const [index, maxHeight] of [300, 360, 2000].entries()) feed.watch(viewers[index]!, { maxHeight, fps: 15 });
    const { frame } = greyFrame(1);
    feed.offer(report(frame));
    for (let i = 0; i < 2; i++) {
      await expect.poll(() => calls.length).toBe(i + 1);
      calls[i]!.finish();
    }
    await settle();
    expect(calls.map(({ maxHeight }) => maxHeight)).toEqual([360, 1080]);
    expect(viewers.map(({ messages }) => messages.length)).toEqual([1, 1, 1]);
  });

  it('skips a viewer that has not taken what it was sent, and holds up nobody for it', async () => {
    const { calls, encode } = slowEncoder();
    const feed = new LiveFeed('door', { encode, onError });
    const [slow, quick] = [new FakeViewer(), new FakeViewer()];
    slow.ready = false;
    feed.watch(slow, fast);
    feed.watch(quick, fast);
    feed.offer(report(greyFrame(1).frame));
    calls[0]!.finish();
    await settle();
    expect([slow.messages.length, quick.messages.length]).toEqual([0, 1]);
    feed.unwatch(quick);
    feed.offer(report(greyFrame(2).frame));
    await settle();
    expect(calls).toHaveLength(1);
  });

  it('shows no more frames a second than are asked for', async () => {
    let encoded = 0;
    const feed = new LiveFeed('door', {
      encode: async () => {
        encoded++;
        return Buffer.from('jpeg');
      },
      onError,
    });
    feed.watch(new FakeViewer(), { maxHeight: 360, fps: 0.1 });
    for (let sequence = 0; sequence < 20; sequence++) {
      feed.offer(report(greyFrame(sequence).frame));
      await settle();
    }
    expect(encoded).toBe(1);
  });

  it('goes on after a frame that cannot be encoded', async () => {
    const { calls, encode } = slowEncoder();
    const feed = new LiveFeed('door', { encode, onError });
    const viewer = new FakeViewer();
    feed.watch(viewer, fast);
    const { frame, freed } = greyFrame(1);
    feed.offer(report(frame));
    frame.release();
    calls[0]!.fail(new Error('no memory'));
    await settle();
    expect(errors.at(-1)).toMatchObject({ message: 'no memory' });
    expect(freed()).toBe(true);
    feed.offer(report(greyFrame(2).frame));
    calls[1]!.finish();
    await settle();
    expect(viewer.headers.map(({ sequence }) => sequence)).toEqual([2]);
  });
});
