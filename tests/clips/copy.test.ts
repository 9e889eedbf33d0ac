import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ffmpegCommand } from '../../devices/ffmpeg/ffmpeg.ts';
import { Child } from '../../devices/programs/child.ts';
import { clipOf } from '../../sdk/clips/clip.ts';
import { FragmentReader } from '../../sdk/clips/fragments.ts';
import { temporaryFolder } from '../support/folders.ts';
import { hasProgram } from '../support/needs.ts';
import { probe } from './video.ts';

/** Six seconds of H.264, ten frames a second, whose times are others from the fourth second on. */
function jumping(file: string, byMs: number): void {
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=160x128:rate=10:duration=6', '-pix_fmt', 'yuv420p'];
  const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10', '-f', 'flv', 'pipe:1'];
  const flv = execFileSync('ffmpeg', ['-v', 'error', ...source, ...encode], { maxBuffer: 1 << 26 });
  // Each tag: its kind, its size, its time in three bytes and one above, three of a stream; then its size again.
  for (let at = 13; at < flv.length; at += 15 + flv.readUIntBE(at + 1, 3)) {
    const ms = flv.readUIntBE(at + 4, 3);
    if (ms < 3000) continue;
    flv.writeUIntBE((ms + byMs) % 0x1_00_00_00, at + 4, 3);
    flv[at + 7] = Math.floor((ms + byMs) / 0x1_00_00_00);
  }
  writeFileSync(file, flv);
}

/** What is copied of a file beside its frames. @returns Bytes of bare frames too. */
async function copied(input: readonly string[], url: string): Promise<{ copy: Buffer; frames: number; how: string }> {
  const child = await Child.start(ffmpegCommand({ input, url, copies: true }), { beside: true });
  const chunks: Buffer[] = [];
  let frames = 0;
  child.beside!.on('data', (bytes: Buffer) => chunks.push(bytes));
  child.stdout.on('data', (bytes: Buffer) => (frames += bytes.length));
  const how = await child.ended;
  return { copy: Buffer.concat(chunks), frames, how };
}

describe.skipIf(!hasProgram('ffmpeg') || !hasProgram('ffprobe'))(
  'what is copied beside the frames (needs ffmpeg)',
  () => {
    it.each([0, 3_600_000, 60_000_000, -2500])(
      'is as long as it lasts, where its clock jumps by %s ms',
      async (byMs) => {
        const folder = temporaryFolder();
        const file = join(folder, 'camera.flv');
        jumping(file, byMs);
        const { copy, frames, how } = await copied(['-f', 'flv'], `file:${file}`);
        expect(how).toBe('exit status 0');
        expect(frames).toBe(60 * 160 * 128 * 1.5);
        const clip = join(folder, 'clip.mp4');
        writeFileSync(clip, clipOf(new FragmentReader().write(copy)));
        const found = probe(clip);
        expect(found.frames).toBe(60);
        expect(found.duration).toBeGreaterThan(5.5);
        expect(found.duration).toBeLessThan(6.5);
      },
    );

    it('fails alone where a clip cannot hold it: all frames come', async () => {
      const file = join(temporaryFolder(), 'camera.mkv');
      const source = ['-f', 'lavfi', '-i', 'testsrc2=size=160x128:rate=10:duration=2', '-pix_fmt', 'yuv420p'];
      execFileSync('ffmpeg', ['-v', 'error', ...source, '-c:v', 'ffvhuff', file]);
      const { copy, frames, how } = await copied([], `file:${file}`);
      expect([copy.length, how]).toEqual([0, 'exit status 0']);
      expect(frames).toBe(20 * 160 * 128 * 1.5);
    });
  },
);
