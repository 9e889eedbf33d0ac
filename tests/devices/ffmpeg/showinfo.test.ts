import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ShowInfo } from '../../../devices/ffmpeg/showinfo.ts';
import { ShownFrameParser } from '../../../devices/ffmpeg/shown-frames.ts';
import { pump, type StreamFormat } from '../../../devices/stream/stream.ts';

const out = (text: string) => `[showinfo@out @ 0x55f0] [info] ${text}`;
const config = (base = '1/1000', rate = '25/1') => out(`config in time_base: ${base}, frame_rate: ${rate}`);
const frame = (n: number, pts: number | string, size = '4x2') =>
  out(
    `n:${String(n).padStart(4)} pts:${String(pts).padStart(7)} pts_time:0 pos: 1 fmt:yuv420p sar:1/1 s:${size} i:P iskey:1 type:I `,
  );
const colour = (range = 'tv', space = 'unknown') =>
  out(`color_range:${range} color_space:${space} color_primaries:unknown color_trc:unknown`);
const source = (size: string, format = 'yuv420p') =>
  `[showinfo@in @ 0x55f1] [info] n:   0 pts:      0 pts_time:0 pos: 1 fmt:${format} sar:1/1 s:${size} i:P iskey:1 type:I `;

function heard(...lines: string[]) {
  const info = new ShowInfo();
  const said = lines.map((line) => info.line(line)).filter(Boolean);
  info.end();
  const frames = [];
  for (let one = info.take(); one; one = info.take()) frames.push(one);
  return { frames, said };
}

describe('ShowInfo', () => {
  it('knows size, time, rate and colours of each frame', () => {
    const { frames } = heard(
      config('1/90000'),
      source('8x4'),
      frame(0, 0),
      colour('pc', 'bt709'),
      frame(1, 3600),
      colour(),
    );
    const rest = { width: 4, height: 2, fps: 25, source: { width: 8, height: 4, isRgb: false } };
    expect(frames).toEqual([
      { ...rest, timeNs: 0, matrix: 'bt709', range: 'full' },
      { ...rest, timeNs: 40e6, matrix: undefined, range: 'limited' },
    ]);
  });

  it('is exact after hours, where ffmpeg’s own words are not', () => {
    const { frames } = heard(config('1/90000'), frame(0, 90_000 * 36_000 + 3003), colour());
    expect(frames[0]!.timeNs).toBe(36_000e9 + Math.round((3003 / 90_000) * 1e9));
  });

  it('takes frames without a time, and rates that ffmpeg guessed as none', () => {
    const { frames } = heard(
      config('1/1000', '90000/1'),
      frame(0, 'NOPTS'),
      colour(),
      config('1/0', '1/0'),
      frame(0, 5),
      colour(),
    );
    expect(frames.map(({ timeNs, fps }) => [timeNs, fps])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  it('counts the frames of a line that another thread has spoilt', () => {
    const { frames } = heard(
      ...[config(), frame(0, 0), colour('tv', 'bt709')],
      '[showinfo@out @ 0x55f0] [info] n:   1 pts: [h264 @ 0x1] [error] no frame!',
      ...[frame(2, 80), '[info] color_range:tv', frame(3, 120), colour('tv', 'bt709')],
    );
    expect(frames.map(({ timeNs, matrix, width }) => [timeNs, matrix, width])).toEqual([
      [0, 'bt709', 4],
      [undefined, 'bt709', 4],
      [80e6, 'bt709', 4],
      [120e6, 'bt709', 4],
    ]);
  });

  it('lets through what is wrong, without what it is of, and what is none of ffmpeg’s', () => {
    const { said } = heard(
      ...['[h264 @ 0x1] [IMGUTILS @ 0x2] [error] too large', '[info] Stream #0:0', '[mpegts @ 0x1] [warning] corrupt'],
      ...[
        '[rawvideo @ 0x1] [error] Application provided invalid, non monotonically increasing dts',
        '[fatal] no memory',
      ],
      ...['sh: ffmpeg: cannot execute', frame(0, 0)],
    );
    expect(said).toEqual(['too large', 'no memory', 'sh: ffmpeg: cannot execute']);
  });
});

/** Reads bytes through a parser, while the lines come when they come. */
function reading(info: ShowInfo) {
  const formats: StreamFormat[] = [];
  const frames: [bytes: number[], timeNs: number | undefined][] = [];
  const sink = {
    begin: (format: StreamFormat) => void formats.push(format),
    take: () => new Uint8Array(formats.at(-1)!.width * formats.at(-1)!.height * 1.5),
    frame: (buffer: Uint8Array | undefined, timeNs?: number) => void frames.push([[...buffer!], timeNs]),
    giveBack: () => {},
  };
  const stream = new PassThrough();
  const done = pump(stream, new ShownFrameParser(sink, info));
  return { stream, done, formats, frames };
}

describe('ShownFrameParser', () => {
  it('waits for what is said of a frame, and begins anew where that is another one', async () => {
    const info = new ShowInfo();
    const { stream, done, formats, frames } = reading(info);
    stream.write(Buffer.from([1, 1, 1, 1, 1, 1, 2, 2]));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(frames).toEqual([]);
    for (const line of [config(), source('1920x1080'), frame(0, 0, '2x2'), colour()]) info.line(line);
    await expect.poll(() => frames.length).toBe(1);
    stream.write(Buffer.alloc(4, 2));
    for (const line of [config(), source('64x48'), frame(0, 40, '2x2'), colour(), frame(1, 80, '4x2'), colour('pc')]) {
      info.line(line);
    }
    stream.end(Buffer.alloc(12, 3));
    await done;
    expect(frames).toEqual([
      [Array(6).fill(1), 0],
      [Array(6).fill(2), 40e6],
      [Array(12).fill(3), 80e6],
    ]);
    expect(formats.map(({ width, colour: { matrix, range } }) => [width, matrix, range])).toEqual([
      [2, 'bt709', 'limited'],
      [2, 'bt601', 'limited'],
      [4, 'bt601', 'full'],
    ]);
  });

  it('gives up where nothing is said of a frame', async () => {
    const info = new ShowInfo();
    const { stream, done } = reading(info);
    stream.write(Buffer.alloc(6));
    info.end();
    await expect(done).rejects.toThrow('ffmpeg gave a frame and said nothing of it');
    stream.destroy();
  });
});
