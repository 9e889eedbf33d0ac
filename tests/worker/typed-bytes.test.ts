import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { InputError } from '../../sdk/base/errors.ts';
import { answerTypedBytes } from '../../tools/worker/typed-bytes.ts';
import { jsonLines } from '../cli/cli.ts';
import { fakeTask, inPieces, model, pictureOf, sink } from './fakes.ts';
import { pairOf, textsOf, typed } from './typed-bytes.ts';

/** What is said on stderr. */
function stderr() {
  const said: string[] = [];
  const spy = vi.spyOn(console, 'error').mockImplementation((line) => said.push(line));
  return { said, [Symbol.dispose]: () => spy.mockRestore() };
}

async function answered(bytes: Buffer, size = 7000) {
  using error = stderr();
  const out = sink();
  const counts = await answerTypedBytes(inPieces(bytes, size), out.write, fakeTask);
  return { counts, texts: textsOf(out.taken()), said: error.said };
}

describe('answerTypedBytes', () => {
  it.each([1, 4, 100_000])('answers a pair with a pair, however the bytes come (%s at a time)', async (size) => {
    const { content } = await pictureOf('wall.jpg');
    const path = 'album/a tab\tand a\nline é.jpg';
    const bytes = Buffer.concat([
      pairOf(path, content),
      pairOf('empty', Buffer.alloc(0)),
      pairOf('', Buffer.from('x')),
    ]);
    const { counts, texts, said } = await answered(bytes, size);
    expect(counts).toEqual({ pictures: 3, errors: 2 });
    expect(texts.filter((_, i) => i % 2 === 0)).toEqual([path, 'empty', '']);
    const json = texts.filter((_, i) => i % 2 === 1);
    // A line of text output is a key, a tab and this.
    for (const text of json) expect(text).not.toMatch(/[\t\n]/);
    expect(jsonLines(json.join('\n'))).toEqual([
      { path, model, width: 512, height: 512, detections: [{ label: 'thing', score: 0.5, box: [0, 0, 512, 512] }] },
      { path: 'empty', model, error: 'empty cannot be read as a picture: it is empty' },
      { path: '', model, error: expect.stringContaining('cannot be read as a picture') },
    ]);
    expect(said).toEqual(['reporter:counter:Ocellus,pictures,3', 'reporter:counter:Ocellus,errors,2']);
  });

  it('answers nothing with nothing, and counts in lines that are few', async () => {
    expect(await answered(Buffer.alloc(0))).toEqual({ counts: { pictures: 0, errors: 0 }, texts: [], said: [] });
    const { said } = await answered(Buffer.concat(Array(70).fill(pairOf('a', Buffer.alloc(0)))));
    const counted = said.filter((line) => line.includes('pictures')).map((line) => Number(line.split(',')[2]));
    expect(counted).toEqual([32, 32, 6]);
  });

  const big = (1 << 28) + 1;
  it.each([
    {
      name: 'text lines',
      bytes: Buffer.from('cat.jpg\tx\n'),
      message: /pair 1: path: expected a text .* got code 99; .*/,
    },
    {
      name: 'a number as key',
      bytes: typed(3, ''),
      message: /pair 1: path: expected a text .* got code 3; .*-io typedbytes/,
    },
    {
      name: 'a text as value',
      bytes: Buffer.concat([typed(7, 'a'), typed(7, 'b')]),
      message: /pair 1: content: expected bytes .* code 7/,
    },
    {
      name: 'a path alone, in one line',
      bytes: typed(7, 'a\nb'),
      message: 'pair 1: expected the bytes of "a\\nb", got the end of stdin',
    },
    { name: 'a cut length', bytes: Buffer.from([7, 0, 0]), message: 'path: expected a length of 4 bytes, got the end' },
    { name: 'a cut path', bytes: typed(7, 'abc', 4), message: 'path: expected 4 bytes, got 3 and the end of stdin' },
    {
      name: 'cut bytes',
      bytes: Buffer.concat([typed(7, 'a'), typed(0, 'abc', 9)]),
      message: 'content: expected 9 bytes, got 3',
    },
    {
      name: 'a length below 0',
      bytes: typed(7, 'a', -1),
      message: 'path: expected a length of 0 to 65536 bytes, got -1',
    },
    { name: 'a long path', bytes: typed(7, 'a', 65537), message: 'of 0 to 65536 bytes, got 65537' },
    {
      name: 'a large picture',
      bytes: Buffer.concat([typed(7, 'a'), typed(0, 'a', big)]),
      message: `of 0 to 268435456 bytes, got ${big}`,
    },
  ])('refuses $name', async ({ bytes, message }) => {
    const error = await answered(bytes, 3).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).message).toMatch(message);
    // The pair is named.
    const second = answered(Buffer.concat([pairOf('first', Buffer.alloc(0)), bytes]));
    await expect(second).rejects.toThrow(/^stdin, pair 2/);
  });

  it('answers or refuses whatever bytes come, and never more than came', async () => {
    const some = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .tuple(fc.integer({ min: 0, max: 12 }), fc.uint8Array({ maxLength: 12 }))
        .map(([code, bytes]) => typed(code, bytes)),
      fc.tuple(fc.integer(), fc.uint8Array({ maxLength: 12 })).map(([length, bytes]) => typed(7, bytes, length)),
      fc.uint8Array({ maxLength: 12 }).map((bytes) => pairOf('a', bytes)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(some, { maxLength: 5 }), fc.integer({ min: 1, max: 20 }), async (parts, size) => {
        const bytes = Buffer.concat(parts);
        const told = await answered(bytes, size).catch((error: unknown) => error);
        if (told instanceof InputError) expect(told.message).toMatch(/^stdin, pair \d: .*expected .*, got /);
        else expect((told as { texts: string[] }).texts.length * 5).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 500 },
    );
  });
});
