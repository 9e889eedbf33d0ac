import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Null } from 'apache-arrow';
import { describe, expect, it, onTestFinished } from 'vitest';
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

  it('reads files itself where there is no content, by paths as Hadoop writes them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ocellus-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const cat = (await pictureOf('cat.jpg')).content as Buffer;
    // Nothing is escaped.
    const names = ['a b.jpg', '100%25.jpg', 'file:c.jpg', 'é#?.jpg'];
    for (const name of names) writeFileSync(join(folder, name), cat);
    const places = names.map((name) => join(folder, name));
    const read = [`file:${places[0]}`, `file://${places[1]}`, places[2]!, `FILE:${places[3]}`];
    const unread = [`file:${folder}/none.jpg`, 'hdfs://one:8020/cat.jpg', 's3a://album/cat.jpg', ''];
    const rows = [...read, ...unread].map((path) => ({ path, content: null }));
    const { counts, stream } = await answered(streamOf([rows], ['path', 'length']));
    expect(counts).toEqual({ pictures: 8, errors: 4 });
    const answers = rowsOf(stream);
    expect(answers.map(({ path }) => path)).toEqual([...read, ...unread]);
    for (const answer of answers.slice(0, 4)) expect(answer).toMatchObject({ width: 451, height: 300, error: null });
    const expected = 'expected a file of this machine, such as file:/album/cat.jpg, where there is no column content';
    expect(answers.slice(4).map(({ error }) => error)).toEqual([
      `${folder}/none.jpg cannot be read as a picture: there is no such file`,
      `${expected}; got one of hdfs`,
      `${expected}; got one of s3a`,
      expect.stringContaining('cannot be read as a picture'),
    ]);
  });

  it('answers a row without a path, which stays without one', async () => {
    const { content } = await pictureOf('cat.jpg');
    const { counts, stream } = await answered(
      streamOf([
        [
          { path: null, content },
          { path: null, content: null },
          { path: '', content },
        ],
      ]),
    );
    expect(counts).toEqual({ pictures: 3, errors: 1 });
    expect(rowsOf(stream)).toMatchObject([
      { path: null, width: 451, error: null },
      { path: null, width: null, error: 'expected the bytes of a picture, got none' },
      { path: '', width: 451, error: null },
    ]);
    const files = await answered(streamOf([[{ path: null, content: null }]], ['path']));
    expect(rowsOf(files.stream)).toMatchObject([{ path: null, error: 'expected the path of a file, got none' }]);
  });

  it('answers a column of nothing but null, which has no type, and refuses a name that two columns have', async () => {
    const { stream } = await answered(
      streamOf(
        [
          [
            { path: 'a', content: null },
            { path: 'b', content: null },
          ],
        ],
        ['path', 'content'],
        { content: new Null() },
      ),
    );
    expect(rowsOf(stream)).toMatchObject([{ path: 'a', error: expect.stringMatching(/got none/) }, { path: 'b' }]);
    await expect(answered(streamOf([[{ path: 'a', content: null }]], ['path', 'path', 'content']))).rejects.toThrow(
      'stdin: expected one column path, got several',
    );
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
    expect(await refusal(streamOf([[cat]], ['content', 'length']))).toBe(
      'InputError: stdin: expected a column path of texts (Utf8), got content, length',
    );
    expect(await refusal(wrapped(whole))).toMatch(/offsets have wrapped/);
  });

  it('refuses what follows a stream, whose rows nobody would miss', async () => {
    const one = streamOf([[await pictureOf('cat.jpg')]]);
    for (const more of [one, Buffer.from('more')]) {
      await expect(answered(Buffer.concat([one, more]))).rejects.toThrow(
        'stdin: expected its end after an Arrow IPC stream, got more',
      );
    }
  });

  it('ends after a stream whose writer leaves stdin open', async () => {
    const input = new PassThrough();
    input.write(streamOf([[await pictureOf('cat.jpg')]]));
    const out = sink();
    expect(await answerArrow(input, out.write, fakeTask)).toEqual({ pictures: 1, errors: 0 });
    expect(rowsOf(out.taken())).toHaveLength(1);
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
