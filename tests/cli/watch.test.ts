import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ffmpeg } from '../devices/clip.ts';
import { hasProgram } from '../support/needs.ts';
import { jsonLines, lineOf, ocellus, photo, start } from './cli.ts';

interface Message {
  type: string;
  before: Record<string, unknown>;
  after: Record<string, unknown> & { id: string; frame_time: number };
}

let folder: string;
/** A wall, a cat for eight pictures, the wall again: one second each. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-watch-'));
  const names = [...new Array(2).fill('wall'), ...new Array(8).fill('cat'), ...new Array(5).fill('wall')] as string[];
  for (const [i, name] of names.entries()) await copyFile(photo(`${name}.jpg`), join(folder, `${i}.jpg`));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const quick = (...more: string[]) => ['watch', `file:${folder}`, '--speed', 'max', '--threshold', '0.5', ...more];

describe('ocellus watch', () => {
  it('prints the event messages, one a line, ends with the source, and prints the same again', async () => {
    const { code, out, err } = await ocellus(quick('--json', '--camera', 'door'));
    expect([code, err]).toEqual([0, '']);
    const messages = jsonLines(out) as Message[];
    expect(messages.map(({ type }) => type).filter((type) => type !== 'update')).toEqual(['new', 'end']);
    expect(new Set(messages.map(({ after }) => after.id)).size).toBe(1);
    for (const { before, after } of messages) {
      for (const state of [before, after]) expect(state).toMatchObject({ camera: 'door', label: 'cat', id: after.id });
    }
    // Seconds from the start of the source.
    expect(messages.at(-1)!.after.frame_time).toBeLessThan(20);
    expect((await ocellus(quick('--json', '--camera', 'door'))).out).toBe(out);
  });

  it.skipIf(!hasProgram('ffmpeg'))('ends with an exit code where a video is cut off (needs ffmpeg)', async () => {
    const encode = ['-c:v', 'mpeg4', '-q:v', '2'];
    for (const [name, cut] of [
      ['clip.mkv', 0.6],
      ['clip.mp4', 0.6],
      ['clip.avi', 0.6],
    ] as const) {
      const path = join(folder, '..', `${basename(folder)}-${name}`);
      const start = name.endsWith('.mp4') ? ['-movflags', '+faststart'] : [];
      ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=10:duration=4', ...encode, ...start, path);
      try {
        expect((await ocellus(['watch', path, '--speed', 'max'])).code).toBe(0);
        const bytes = await readFile(path);
        await writeFile(path, bytes.subarray(0, Math.floor(bytes.length * cut)));
        const { code, err } = await ocellus(['watch', path, '--speed', 'max']);
        expect([name, code]).toEqual([name, 1]);
        expect(err).toMatch(/the video ended with an error after \d+ frames: /);
      } finally {
        await rm(path);
      }
    }
  });

  it('says it in words', async () => {
    const { code, out } = await ocellus(quick());
    expect(code).toBe(0);
    expect(out).toMatch(/^\d+\.\d s {2}new {5}cat \d\d % {2}\S+$/m);
    expect(out).toMatch(/^\d+\.\d s {2}end {5}cat \d\d % after \d+\.\d s {2}\S+$/m);
  });

  it('watches the labels it is told to', async () => {
    const { code, out, err } = await ocellus(quick('--json', '--labels', 'dog,person'));
    expect([code, out]).toEqual([0, '']);
    expect(err).toBe('no events in 15 frames; watched were person, dog (--labels: others)\n');
    expect(jsonLines((await ocellus(quick('--json', '--labels', 'all', '--no-gate'))).out)).not.toHaveLength(0);
  });

  it('refuses a label that the model does not know', async () => {
    const { code, out, err } = await ocellus(quick('--labels', 'cat,persn'));
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^error --labels: expected some of person, bicycle, .*; got "persn"; did you mean person\?\n$/);
  });

  it.each([
    ['no:such', 'there is no device called "no:"; expected one of auto:, scene:, file:'],
    ['file:/nowhere', '/nowhere does not exist'],
  ])('ends with 2 on %s', async (uri, message) => {
    const { code, out, err } = await ocellus(['watch', uri]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    // Once.
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends with 0 on %s', async (signal) => {
    const child = start(['watch', `file:${folder}`, '--json', '--threshold', '0.5', '--fps', '4']);
    const closed = once(child, 'exit');
    await lineOf(child, /"new"/);
    child.kill(signal);
    expect(await closed).toEqual([0, null]);
  });

  it('ends quietly when its reader has read enough', async () => {
    const child = start(['watch', `file:${folder}`, '--json', '--threshold', '0.5', '--fps', '4']);
    let err = '';
    child.stderr.on('data', (text) => (err += String(text)));
    const closed = once(child, 'exit');
    await lineOf(child, /"new"/);
    child.stdout.destroy();
    expect(await closed).toEqual([0, null]);
    expect(err).toBe('');
  });
});
