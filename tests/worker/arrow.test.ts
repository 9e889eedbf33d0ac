import { describe, expect, it } from 'vitest';
import { answerArrow } from '../../tools/worker/arrow.ts';
import type { Picture } from '../../tools/worker/task.ts';
import { batchesOf, rowsOf, streamOf } from './arrow-streams.ts';
import { fakeTask, inPieces, model, pictureOf, sink } from './fakes.ts';

const answered = async (stream: Uint8Array, size = 7000) => {
  const out = sink();
  const counts = await answerArrow(inPieces(stream, size), out.write, fakeTask);
  return { counts, stream: out.taken() };
};

describe('answerArrow', () => {
  it('answers each row in its order, and pictures that cannot be read by an error', async () => {
    const bad: Picture[] = [
      { path: 'none', content: null },
      { path: 'empty.jpg', content: Buffer.alloc(0) },
      { path: 'text é\n.jpg', content: Buffer.from('no picture') },
    ];
    const batches = [[await pictureOf('cat.jpg'), ...bad], [], [await pictureOf('wall.jpg')]];
    const { counts, stream } = await answered(streamOf(batches));
    expect(counts).toEqual({ pictures: 5, errors: 3 });
    const good = { model, error: null };
    const cat = { path: 'file:/cat.jpg', width: 451, height: 300 };
    const wall = { path: 'file:/wall.jpg', width: 450, height: 300 };
    const thing = (width: number, height: number) => [{ label: 'thing', score: 0.5, box: [0, 0, width, height] }];
    const none = { model, width: null, height: null, detections: null };
    const rows = rowsOf(stream);
    expect(rows).toEqual([
      { ...good, ...cat, detections: thing(451, 300) },
      { ...none, path: 'none', error: 'expected the bytes of a picture, got none' },
      { ...none, path: 'empty.jpg', error: 'empty.jpg cannot be read as a picture: it is empty' },
      { ...none, path: 'text é\n.jpg', error: expect.stringContaining('cannot be read as a picture: expected JPEG') },
      {
        ...good,
        ...wall,
        detections: thing(rows[4]!.width as number, rows[4]!.height as number),
        ...{ width: rows[4]!.width, height: rows[4]!.height },
      },
    ]);
    expect(batchesOf(stream)).toEqual([4, 1]);
  });

  it('answers a stream without rows by one without rows', async () => {
    for (const batches of [[], [[]]]) {
      const { counts, stream } = await answered(streamOf(batches));
      expect(counts.pictures).toBe(0);
      expect(rowsOf(stream)).toEqual([]);
      // The mark of an end: whoever reads does not take it for one that broke off.
      expect(stream.subarray(-8).toString('hex')).toBe('ffffffff00000000');
    }
  });

  it('bounds a batch by its bytes', async () => {
    const path = 'p'.repeat(1 << 20);
    const { stream } = await answered(streamOf([Array(10).fill({ path, content: null })]), 1 << 20);
    expect(batchesOf(stream)).toEqual([4, 4, 2]);
  });

  it('refuses what is no stream, is cut off, or has other columns', async () => {
    const cat = await pictureOf('cat.jpg');
    const whole = streamOf([[cat], [cat]]);
    const refusal = async (stream: Uint8Array) =>
      answered(stream).then(
        ({ counts }) => counts,
        (error: Error) => `${error.name}: ${error.message}`,
      );
    expect(await refusal(new Uint8Array())).toBe('InputError: stdin: expected an Arrow IPC stream, got nothing');
    expect(await refusal(Buffer.from('{"path": "cat.jpg"}\n'))).toMatch(
      /^InputError: stdin: expected an Arrow IPC stream/,
    );
    for (const left of [50, 1000, whole.length / 2]) {
      expect(await refusal(whole.subarray(0, whole.length - left))).toMatch(/^InputError: stdin: .*a part of one/);
    }
    expect(await refusal(streamOf([[cat]], ['path', 'length']))).toBe(
      'InputError: stdin: expected a column content of bytes (Binary), got path, length',
    );
    expect(await refusal(wrapped(whole))).toMatch(/offsets have wrapped/);
  });
});

/** The same stream with an offset of the first batch's bytes that is lower than the one before. */
function wrapped(stream: Uint8Array): Uint8Array {
  const bytes = Buffer.from(stream);
  const length = bytes.lastIndexOf(Buffer.from([0xff, 0xd8, 0xff]));
  const offsets = length - 8;
  bytes.writeInt32LE(-5, offsets + 4);
  return bytes;
}
