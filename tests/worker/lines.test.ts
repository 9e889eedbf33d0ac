import { describe, expect, it } from 'vitest';
import { answerLines } from '../../tools/worker/lines.ts';
import { jsonLines } from '../cli/cli.ts';
import { fakeTask, inPieces, model, pictureOf, sink } from './fakes.ts';

const base64 = (value: string | Uint8Array) => Buffer.from(value).toString('base64');

describe('answerLines', () => {
  it('answers a line with a line of JSON, both in base64', async () => {
    const { content } = await pictureOf('cat.jpg');
    const path = 'a tab\tand a\nline é.jpg';
    const text = `${base64(path)}\t${base64(content!)}\r\n${base64('bad')}\t\n${base64('cut')}\t${base64('x')}`;
    const out = sink();
    expect(await answerLines(inPieces(Buffer.from(text), 1000), out.write, fakeTask)).toEqual({
      pictures: 3,
      errors: 2,
    });
    const lines = out.taken().toString().trimEnd().split('\n');
    const json = lines.map((line) => Buffer.from(line, 'base64').toString()).join('\n');
    expect(jsonLines(json)).toEqual([
      { path, model, width: 451, height: 300, detections: [{ label: 'thing', score: 0.5, box: [0, 0, 451, 300] }] },
      { path: 'bad', model, error: 'bad cannot be read as a picture: it is empty' },
      { path: 'cut', model, error: expect.stringContaining('cut cannot be read') },
    ]);
  });

  it('refuses other lines, with their number', async () => {
    for (const line of ['cat.jpg', 'a\tb\tc', `cat.jpg\t${base64('x')}`]) {
      const input = inPieces(Buffer.from(`${base64('a')}\t${base64('b')}\n${line}\n`), 4);
      await expect(answerLines(input, sink().write, fakeTask)).rejects.toThrow(
        /^stdin, line 2: expected PATH and BYTES/,
      );
    }
  });
});
