import { execFileSync } from 'node:child_process';
import { describe, expect, it, vi } from 'vitest';
import { atMost, ffmpegCommand } from '../../../devices/ffmpeg/ffmpeg.ts';
import { Child } from '../../../devices/programs/child.ts';
import { pump } from '../../../devices/stream/stream.ts';
import { hasProgram } from '../../support/needs.ts';

/** The times in seconds of the frames that a filter lets pass. */
function passed(source: string, filters: string[]): number[] {
  const chain = [source, ...filters].join(',');
  const args = ['-nostdin', '-loglevel', 'error', '-f', 'lavfi', '-i', chain, '-fps_mode', 'passthrough'];
  const text = execFileSync('ffmpeg', [...args, '-f', 'framemd5', '-'], { encoding: 'utf8' });
  const base = Number(/#tb 0: \d+\/(\d+)/.exec(text)![1]);
  return text
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => Number(line.split(',')[2]) / base);
}

describe.skipIf(!hasProgram('ffmpeg'))('atMost (needs ffmpeg)', () => {
  it.each([
    [30, 10, 20],
    [25, 10, 20],
    [30, 5, 10],
    [10, 10, 20],
    [5, 10, 10],
    [12, 10, 20],
  ])('lets of %d frames a second %d pass', (rate, fps, count) => {
    const times = passed(`color=s=16x16:r=${rate}:d=2`, atMost(fps));
    expect(Math.abs(times.length - count)).toBeLessThanOrEqual(1);
  });

  it('goes on after a gap without a burst, and after the clock was set back', () => {
    const gap = passed("color=s=16x16:r=20:d=2,setpts='if(lt(N,20),N,N+200)/20/TB'", atMost(5));
    expect(gap.length).toBeLessThanOrEqual(12);
    expect(gap.at(-1)).toBeGreaterThan(11.5);
    const back = passed("color=s=16x16:r=20:d=2,setpts='if(lt(N,20),N+1000,N)/20/TB'", atMost(5));
    expect(back.length).toBeGreaterThanOrEqual(9);
    expect(back.length).toBeLessThanOrEqual(12);
  });

  it('passes everything where nothing was asked for', () => {
    expect(atMost(undefined)).toEqual([]);
  });
});

describe('ffmpegCommand', () => {
  it('is an array of arguments that reads one video stream, quietly', () => {
    const { program, args } = ffmpegCommand({
      input: ['-f', 'v4l2'],
      url: '/dev/video0; rm -rf',
      filters: ['a', 'b'],
      height: 90,
    });
    expect(program).toBe('ffmpeg');
    expect(args).toContain('/dev/video0; rm -rf');
    const line = args.join(' ');
    expect(line).toContain(
      '-nostdin -hide_banner -nostats -loglevel repeat+level+info -threads 1 -max_pixels 44065536 -f v4l2 -i ',
    );
    expect(line).toContain('-map 0:V:0 -an -sn -dn -vf sidedata=mode=delete,showinfo@in=checksum=0,a,b,scale=');
    expect(line).toMatch(
      /format=yuv420p,showinfo@out=checksum=0 -dts_error_threshold 1e10 -fps_mode passthrough -enc_time_base 1\/1000000 -noautoscale -threads 1 -avioflags direct -f rawvideo pipe:1$/,
    );
  });
});

describe.skipIf(!hasProgram('ffmpeg'))('a frame (needs ffmpeg)', () => {
  it('comes out at once, not when the next one goes in', async () => {
    const [width, height] = [64, 48];
    const raw = ['-probesize', '32', '-f', 'rawvideo', '-video_size', `${width}x${height}`];
    const command = ffmpegCommand({ input: [...raw, '-framerate', '5'], url: 'pipe:0' });
    const child = await Child.start(command, { writes: true, frames: true });
    let seen = 0;
    const frame = new Uint8Array((width * height * 3) / 2);
    const sink = { begin: () => {}, take: () => frame, giveBack: () => {}, frame: () => void seen++ };
    const reading = pump(child.stdout, command.parser(sink));
    // The first ones are looked into before any is decoded.
    for (let i = 0; i < 30; i++) child.stdin!.write(new Uint8Array(frame.length).fill(i));
    await vi.waitFor(() => expect(seen).toBe(30), { timeout: 8000 });
    child.stdin!.end();
    await reading;
    expect({ seen, how: await child.ended }).toEqual({ seen: 30, how: 'exit status 0' });
  }, 20_000);
});
