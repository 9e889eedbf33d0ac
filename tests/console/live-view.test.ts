import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { readPicture } from '../../sdk/frame/picture.ts';
import { FramePool } from '../../sdk/frame/pool.ts';
import type { Track } from '../../sdk/vision/track.ts';
import type { FrameHeader } from '../../tools/console/protocol.ts';
import { LiveView } from '../../tools/console/server/live-view.ts';

function client(bufferedAmount = 0) {
  const sent: Buffer[] = [];
  return { sent, socket: { bufferedAmount, send: (message: Buffer) => sent.push(message) } as unknown as WebSocket };
}

const pool = new FramePool({ format: 'I420', width: 64, height: 48 });
function report(sequence: number, tracks: Partial<Track>[] = []) {
  const frame = pool.frame(pool.take()!, { sequence, captureTimeNs: sequence * 1e8, wallTimeMs: 1000 + sequence });
  return { frame, inferred: true, moving: true, tracks: tracks as Track[] };
}

function parse(message: Buffer): { header: FrameHeader; jpeg: Buffer } {
  const length = message.readUInt32LE();
  return {
    header: JSON.parse(message.subarray(4, 4 + length).toString()) as FrameHeader,
    jpeg: message.subarray(4 + length),
  };
}

const until = async (done: () => boolean) => {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
};

const track = {
  id: 7,
  label: 'person',
  score: 0.71234,
  box: [1, 2, 30, 40] as const,
  confirmed: true,
  visible: true,
  stationary: false,
  currentZones: ['porch'],
};

describe('the live view', () => {
  it('sends the picture with the boxes that were seen in it', async () => {
    const view = new LiveView('door', (error) => expect.fail(String(error)));
    const { sent, socket } = client();
    view.watch(socket, 24);
    const shown = report(3, [
      track,
      { ...track, id: 8, confirmed: false },
      { ...track, id: 9, visible: false },
      { ...track, id: 10, visible: false, stationary: true },
    ]);
    view.show(shown);
    // The caller lets go of it at once: the view holds what it encodes.
    shown.frame.release();
    await until(() => sent.length > 0);
    const { header, jpeg } = parse(sent[0]!);
    expect(header).toMatchObject({ camera: 'door', sequence: 3, width: 64, height: 48, time: 1003, moving: true });
    expect(header.tracks.map(({ id }) => id)).toEqual([7, 10]);
    expect(header.tracks[0]).toEqual({
      id: 7,
      label: 'person',
      score: 0.712,
      box: [1, 2, 30, 40],
      stationary: false,
      zones: ['porch'],
    });
    expect(await readPicture(jpeg)).toMatchObject({ width: 32, height: 24 });
    await until(() => pool.inUse === 0);
  });

  it('does nothing while nobody looks, or only who is behind', async () => {
    const view = new LiveView('door', (error) => expect.fail(String(error)));
    const slow = client(2 ** 20);
    const shown = report(1);
    view.show(shown);
    view.watch(slow.socket);
    view.show(shown);
    view.leave(slow.socket);
    view.show(shown);
    shown.frame.release();
    expect(pool.inUse).toBe(0);
    expect(slow.sent).toEqual([]);
  });

  it('encodes one picture at a time and the newest next', async () => {
    const view = new LiveView('door', (error) => expect.fail(String(error)));
    const { sent, socket } = client();
    view.watch(socket);
    for (let i = 0; i < 6; i++) {
      const shown = report(i);
      view.show(shown);
      shown.frame.release();
    }
    await until(() => sent.length > 0);
    expect(sent.map((message) => parse(message).header.sequence)).toEqual([0]);
    await new Promise((resolve) => setTimeout(resolve, 80));
    const shown = report(6);
    view.show(shown);
    shown.frame.release();
    await until(() => sent.length > 1);
    expect(parse(sent[1]!).header.sequence).toBe(6);
  });

  it('says when a picture cannot be encoded, and goes on', async () => {
    const errors: unknown[] = [];
    const view = new LiveView('door', (error) => errors.push(error));
    const { sent, socket } = client();
    view.watch(socket, Number.NaN);
    const shown = report(1);
    view.show(shown);
    await until(() => errors.length > 0);
    view.watch(socket, 48);
    await new Promise((resolve) => setTimeout(resolve, 80));
    view.show(shown);
    shown.frame.release();
    await until(() => sent.length > 0);
  });
});
