import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamFormat, StreamSink } from '../../devices/stream.ts';
import { StreamError } from '../../devices/stream.ts';
import { parseY4mHeader, Y4mParser } from '../../devices/y4m.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A stream of frames of random pixels, with the frames' own bytes. */
function stream(width: number, height: number, pixels: Uint8Array[], frameFields = ''): Uint8Array {
  return Buffer.concat([
    bytesOf(`YUV4MPEG2 W${width} H${height} F10:1 Ip A0:0 C420mpeg2 XYSCSS=420MPEG2 XCOLORRANGE=LIMITED\n`),
    ...pixels.flatMap((frame) => [bytesOf(`FRAME${frameFields}\n`), frame]),
  ]);
}

/** Collects copies of what a parser finds; `free` buffers may be out at once. */
function collector(size: number, free = Number.POSITIVE_INFINITY) {
  const seen: { formats: StreamFormat[]; frames: (Uint8Array | undefined)[]; taken: number } = {
    formats: [],
    frames: [],
    taken: 0,
  };
  const sink: StreamSink = {
    begin: (format) => seen.formats.push(format),
    take: () => (seen.taken++ < free ? new Uint8Array(size) : undefined),
    frame: (buffer) => seen.frames.push(buffer?.slice()),
    giveBack: () => seen.taken--,
  };
  return { seen, sink };
}

function feed(parser: Y4mParser, chunk: Uint8Array): void {
  for (let offset = 0; offset < chunk.length; ) offset += parser.write(chunk, offset);
}

const video = fc
  .record({ width: fc.integer({ min: 1, max: 9 }), height: fc.integer({ min: 1, max: 9 }) })
  .chain(({ width, height }) => {
    const size = width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2);
    return fc.record({
      width: fc.constant(width),
      height: fc.constant(height),
      pixels: fc.array(fc.uint8Array({ minLength: size, maxLength: size }), { maxLength: 4 }),
    });
  });

describe('Y4mParser', () => {
  it('finds the same frames however the stream is cut into chunks', () => {
    fc.assert(
      fc.property(video, fc.array(fc.integer({ min: 1, max: 200 })), ({ width, height, pixels }, cuts) => {
        const bytes = stream(width, height, pixels);
        const { seen, sink } = collector(pixels[0]?.length ?? 0);
        const parser = new Y4mParser(sink);
        let from = 0;
        for (const cut of [...cuts, bytes.length]) {
          feed(parser, bytes.subarray(from, from + cut));
          from += cut;
        }
        expect(seen.frames).toEqual(pixels);
        expect(seen.formats).toMatchObject([{ format: 'I420', width, height, fps: 10 }]);
        expect(parser.clean).toBe(true);
      }),
    );
  });

  it('stops after each frame, so that its reader can wait', () => {
    const pixels = [new Uint8Array(6).fill(1), new Uint8Array(6).fill(2)];
    const bytes = stream(2, 2, pixels);
    const { seen, sink } = collector(6);
    const parser = new Y4mParser(sink);
    const first = parser.write(bytes, 0);
    expect(seen.frames).toEqual([pixels[0]]);
    expect(first + parser.write(bytes, first)).toBe(bytes.length);
    expect(seen.frames).toEqual(pixels);
  });

  it('skips a frame without a buffer and finds the next', () => {
    const pixels = [new Uint8Array(6).fill(1), new Uint8Array(6).fill(2)];
    const { seen, sink } = collector(6, 1);
    feed(new Y4mParser(sink), stream(2, 2, pixels));
    expect(seen.frames).toEqual([pixels[0], undefined]);
  });

  it('gives the buffer of a frame that was cut short back', () => {
    const { seen, sink } = collector(6);
    const parser = new Y4mParser(sink);
    feed(parser, stream(2, 2, [new Uint8Array(6)]).subarray(0, -1));
    expect(parser.clean).toBe(false);
    parser.abandon();
    expect(seen).toMatchObject({ taken: 0, frames: [] });
  });

  it('reads past the fields of a frame header', () => {
    const { seen, sink } = collector(6);
    feed(new Y4mParser(sink), stream(2, 2, [new Uint8Array(6).fill(7)], ' Ip XNOTE=1'));
    expect(seen.frames).toEqual([new Uint8Array(6).fill(7)]);
  });

  it.each([
    ['another format', 'RIFF....AVI \n', /expected a YUV4MPEG2 stream/],
    ['a frame that does not begin with FRAME', 'YUV4MPEG2 W2 H2\nFRAMEX\n', /expected a line FRAME, got "FRAMEX"/],
    ['a header without an end', `YUV4MPEG2 W2 H2 ${'X'.repeat(600)}`, /at most 512 bytes/],
  ])('refuses %s', (_, text, message) => {
    const parser = new Y4mParser(collector(6).sink);
    expect(() => feed(parser, bytesOf(text))).toThrow(message);
  });
});

describe('parseY4mHeader', () => {
  it('reads rate, range and matrix', () => {
    expect(parseY4mHeader('YUV4MPEG2 W1280 H720 F30000:1001 C420jpeg XCOLORRANGE=FULL')).toEqual({
      format: 'I420',
      width: 1280,
      height: 720,
      fps: 30000 / 1001,
      colour: { matrix: 'bt709', range: 'full' },
    });
    expect(parseY4mHeader('YUV4MPEG2 W640 H480 F0:0')).toMatchObject({
      fps: undefined,
      colour: { matrix: 'bt601', range: 'limited' },
    });
  });

  it.each([
    ['no width', 'YUV4MPEG2 H4', /width: expected 1 to 16384 pixels, got ""/],
    ['a width of 0', 'YUV4MPEG2 W0 H4', /width/],
    ['a negative height', 'YUV4MPEG2 W4 H-4', /height: .*"-4"/],
    ['an oversized height', 'YUV4MPEG2 W4 H16385', /height: .*"16385"/],
    ['10 bit samples', 'YUV4MPEG2 W4 H4 C420p10', /got 420p10/],
    ['4:2:2', 'YUV4MPEG2 W4 H4 C422', /got 422/],
  ])('refuses %s', (_, header, message) => {
    expect(() => parseY4mHeader(header)).toThrow(StreamError);
    expect(() => parseY4mHeader(header)).toThrow(message);
  });

  it('throws nothing but StreamError, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `YUV4MPEG2 ${text}`),
        ),
        (text) => {
          try {
            parseY4mHeader(text);
          } catch (error) {
            expect(error).toBeInstanceOf(StreamError);
          }
        },
      ),
    );
  });
});
