import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { ffmpeg } from '../devices/clip.ts';
import { variants } from '../kernels/variants.ts';
import { hasProgram, sharedData } from '../support/needs.ts';
import { type Ended, ended, jsonLines, ocellus, start } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'ocellus-record-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

type Way = readonly [env: Record<string, string>, options: readonly string[]];
/** What other instruction sets there are that compiled networks have kernels for. */
const others = variants
  .filter(({ name, functions }) => name !== 'scalar' && functions.chosen.program === name)
  .slice(0, -1);

const anyThreadsAndKernels: readonly Way[] = [
  [{}, []],
  [{}, ['--threads', '1']],
  ...others.map(({ name }): Way => [{ OCELLUS_KERNELS: name }, ['--threads', '3']]),
];
/** The same again, and once as different as can be: that each way gives the same bits is shown of what loses nothing. */
const again: readonly Way[] = [
  [{}, []],
  [{}, []],
  ...others.slice(0, 1).map(({ name }): Way => [{ OCELLUS_KERNELS: name }, ['--threads', '3']]),
];
/** The compiled network is another one than that which runs where there are no native kernels. */
const withoutProgram: readonly Way[] = [
  [{}, ['--engine', 'onnxruntime']],
  [{ OCELLUS_KERNELS: 'typescript' }, ['--threads', '3']],
];

async function replays(recording: string, ways: readonly Way[] = anyThreadsAndKernels): Promise<string[]> {
  const outs: string[] = [];
  for (const [env, more] of ways) {
    const { code, out, err } = await withEnvironment(env, () => ocellus(['replay', recording, '--json', ...more]));
    expect([code, err]).toEqual([0, '']);
    outs.push(out);
  }
  return outs;
}

async function withEnvironment<T>(env: Record<string, string>, run: () => Promise<T>): Promise<T> {
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    return await run();
  } finally {
    process.env = before;
  }
}

interface Message {
  type: string;
  after: { id: string; camera: string; label: string };
}
const labels = (out: string) => [...new Set((jsonLines(out) as Message[]).map(({ after }) => after.label))];

/** Replays take as long as they take. */
const timeout = 180_000;

describe.skipIf(!hasProgram('ffmpeg'))('ocellus record and replay (need ffmpeg)', { timeout }, () => {
  // At the rate of no board in particular.
  const settings = at('standard.yaml');
  const scene = ['record', 'scene:', '--config', settings, '--speed', 'max', '--seconds', '13', '--events'];
  const lossless = at('lossless');
  let events: string;

  beforeAll(async () => {
    writeFileSync(settings, 'core: { profile: standard }\n');
    const { code, err } = await ocellus([...scene, '--lossless', '--out', lossless]);
    expect([code, err]).toEqual([0, `131 frames in ${lossless}\n`]);
    events = readFileSync(join(lossless, 'events.jsonl'), 'utf8');
    expect(labels(events)).toEqual(['person', 'cat']);
  });

  it('writes the events of a quiet time: none', async () => {
    const clip = at('quiet.mp4');
    ffmpeg('-f', 'lavfi', '-i', 'color=gray:size=64x48:rate=5:duration=1', '-c:v', 'mpeg4', clip);
    const { code } = await ocellus(['record', clip, '--speed', 'max', '--events', '--out', at('quiet')]);
    expect([code, readFileSync(at('quiet/events.jsonl'), 'utf8')]).toEqual([0, '']);
    const { code: same } = await ocellus(['replay', at('quiet'), '--expect', at('quiet/events.jsonl')]);
    expect(same).toBe(0);
  });

  it('gives the events of the run that was recorded, byte for byte, with any threads and kernels', async () => {
    for (const out of await replays(lossless)) expect(out).toBe(events);
    const expecting = ['replay', lossless, '--expect', join(lossless, 'events.jsonl')];
    const { code, err } = await ocellus(expecting);
    const messages = jsonLines(events).length;
    expect([code, err]).toEqual([0, `the same ${messages} messages as in ${join(lossless, 'events.jsonl')}\n`]);
  });

  it('gives the same with kernels in TypeScript, by the network that then runs', async () => {
    const [native, twins] = await replays(lossless, withoutProgram);
    expect(twins).toBe(native);
    expect(labels(twins!)).toEqual(['person', 'cat']);
  });

  it('gives the same in realtime', async () => {
    const { code, out } = await ocellus(['replay', lossless, '--speed', 'realtime', '--json']);
    expect([code, out]).toEqual([0, events]);
  });

  it('gives the same each time where the video may lose something, and the objects of the run', async () => {
    const { code } = await ocellus([...scene, '--out', at('small')]);
    expect(code).toBe(0);
    const [first, ...others] = await replays(at('small'), again);
    for (const out of others) expect(out).toBe(first);
    expect(labels(first!)).toEqual(['person', 'cat']);
    const size = (name: string) => readFileSync(join(at(name), 'video-0.mkv')).length;
    expect(size('small') * 5).toBeLessThan(size('lossless'));
  });

  it('tells how a run with other settings differs, and ends with 1', async () => {
    const file = join(lossless, 'events.jsonl');
    const { code, out, err } = await ocellus(['replay', lossless, '--json', '--labels', 'cat', '--expect', file]);
    expect(code).toBe(1);
    expect(labels(out)).toEqual(['cat']);
    expect(err).toMatch(/^error not the events of .*events\.jsonl: expected \d+ messages, got \d+$/m);
    expect(err).toMatch(/^- new person \d+ % \S+ \(message 1\)$/m);
    const changed = at('changed.jsonl');
    writeFileSync(changed, events.replace('"label":"cat"', '"label":"dog"'));
    expect((await ocellus(['replay', lossless, '--expect', changed])).err).toMatch(
      /^~ new .* \(message 1\): before\.label "dog" -> "cat"$/m,
    );
  });

  it('replays in words, with the times of the clock', async () => {
    const { out } = await ocellus(['replay', lossless]);
    expect(out).toMatch(/^\d\d:\d\d:\d\d {2}new {5}person \d\d % {2}3\.600000-[a-z]{6}$/m);
  });

  it('takes a camera of the settings file, with its zones and its name, and no password', async () => {
    const file = at('settings.yaml');
    writeFileSync(
      file,
      `core: { profile: standard }
cameras:
  yard: { source: "rtsp://me:hunter2@127.0.0.1:1/yard" }
  hall:
    source: "scene:"
    zones: { all: { polygon: [[0, 0], [1, 0], [1, 1], [0, 1]] } }
`,
    );
    const from = ['record', '--config', file, '--speed', 'max', '--seconds', '10'];
    const { code, err } = await ocellus([...from, '--camera', 'hall', '--out', at('hall')]);
    expect([code, err]).toEqual([0, `101 frames in ${at('hall')}\n`]);
    // Nobody looked while it was recorded.
    expect(existsSync(join(at('hall'), 'events.jsonl'))).toBe(false);
    // As of a camera that has some: they are not asked of the recording.
    const infoFile = join(at('hall'), 'recording.json');
    const info = JSON.parse(readFileSync(infoFile, 'utf8'));
    info.settings.controls = { brightness: 140 };
    writeFileSync(infoFile, JSON.stringify(info));
    const { out, err: warned } = await ocellus(['replay', at('hall'), '--json']);
    expect(warned).toBe('');
    expect(jsonLines(out)[0]).toMatchObject({ type: 'new', after: { camera: 'hall', label: 'person' } });
    expect(out).toContain('"current_zones":["all"]');

    const none = await ocellus([...from, '--out', at('none')]);
    expect([none.code, none.err]).toEqual([2, 'error --camera: expected one of yard, hall; got none\n']);
    const other = await ocellus([...from, '--camera', 'door', '--out', at('none')]);
    expect([other.code, other.err]).toEqual([2, 'error --camera: expected one of yard, hall; got door\n']);
    const inherited = await ocellus([...from, '--camera', 'constructor', '--out', at('none')]);
    expect(inherited.err).toBe('error --camera: expected one of yard, hall; got constructor\n');
    const dead = await ocellus([...from, '--camera', 'yard', '--out', at('none')]);
    expect(dead.code).toBe(2);
    expect(dead.err).toMatch(/^error rtsp:\/\/me:\*\*\*@127\.0\.0\.1:1\/yard: the camera does not answer/);
  });

  it('says what is wrong with a folder', async () => {
    const full = await ocellus([...scene, '--out', lossless]);
    expect([full.code, full.err]).toEqual([
      2,
      expect.stringMatching(/^error .*lossless: expected an empty folder, or none; it holds events\.jsonl\n$/),
    ]);
    const none = await ocellus(['replay', folder]);
    expect([none.code, none.err]).toEqual([2, expect.stringMatching(/^error .* is no recording: /)]);
    const words = await ocellus(['replay', lossless, '--expect', join(lossless, 'recording.json')]);
    expect([words.code, words.err]).toEqual([
      2,
      expect.stringMatching(/recording\.json, line 1: expected an event as/),
    ]);
  });

  it.each([
    ['ffmpeg alone, and ends with 2', false],
    ['both', true],
  ])('keeps all but the last second when a kill -9 takes %s', async (_, both) => {
    const out = at(both ? 'both-killed' : 'ffmpeg-killed');
    const child = start(['record', 'scene:', '--out', out]);
    const end = ended(child);
    await expect.poll(() => linesOf(out)).toBeGreaterThan(30);
    const programs = programsOf(child.pid!);
    expect(programs).toHaveLength(1);
    if (both) child.kill('SIGKILL');
    process.kill(programs[0]!, 'SIGKILL');
    const { code, err } = await end;
    if (!both) {
      expect(code).toBe(2);
      expect(err).toMatch(/broke off after \d+ frames: the video cannot be written; ffmpeg: killed by SIGKILL/);
    }
    const replayed = await ocellus(['replay', out]);
    expect(replayed.code).toBe(0);
    const [, frames] = /the recording was interrupted; it has (\d+) frames/.exec(replayed.err)!;
    // Ten a second; the index has a line more.
    expect(linesOf(out) - 1 - Number(frames)).toBeLessThanOrEqual(11);
  });

  it.each(['SIGKILL', 'SIGINT'] as const)('keeps what there was when it is ended by %s', async (signal) => {
    const out = at(signal);
    const child = start(['record', 'scene:', '--out', out]);
    const end: Promise<Ended> = ended(child);
    await expect.poll(() => linesOf(out)).toBeGreaterThan(20);
    const programs = programsOf(child.pid!);
    const closed = once(child, 'exit');
    child.kill(signal);
    await closed;
    const { code, err } = await end;
    // ffmpeg may have more to write.
    await expect.poll(() => programs.some((pid) => existsSync(`/proc/${pid}`))).toBe(false);
    const lines = linesOf(out);
    const replayed = await ocellus(['replay', out]);
    expect(replayed.code).toBe(0);
    if (signal === 'SIGINT') {
      // The first line and the last one are no frames.
      expect([code, err]).toEqual([0, `${lines - 2} frames in ${out}\n`]);
      expect(replayed.err).toMatch(/^(no events in \d+ frames; .*\n)?$/);
    } else {
      // ffmpeg was not killed: it wrote all it was given.
      expect(replayed.err).toMatch(new RegExp(`the recording was interrupted; it has ${lines - 1} frames`));
    }
  });

  it.skipIf(!hasProgram('script'))('is whole when its terminal is closed (needs script)', async () => {
    const out = at('terminal-closed');
    const bin = asset('bin', 'ocellus.js');
    const terminal = spawn('script', [
      '-qec',
      `exec ${process.execPath} ${bin} record scene: --out ${out}`,
      '/dev/null',
    ]);
    terminal.stdout.resume();
    await expect.poll(() => linesOf(out)).toBeGreaterThan(10);
    const [recorder] = programsOf(terminal.pid!);
    terminal.kill('SIGKILL');
    await expect.poll(() => existsSync(`/proc/${recorder}`)).toBe(false);
    const replayed = await ocellus(['replay', out]);
    expect(replayed.code).toBe(0);
    expect(replayed.err).toMatch(/^(no events in \d+ frames; .*\n)?$/);
    expect(readFileSync(join(out, 'frames.jsonl'), 'utf8')).toMatch(/\n\{"frames":\d+\}\n$/);
  });

  it('goes on at a SIGHUP without a terminal, as under nohup', async () => {
    const out = at('nohup');
    const child = start(['record', 'scene:', '--out', out]);
    const end: Promise<Ended> = ended(child);
    await expect.poll(() => linesOf(out)).toBeGreaterThan(5);
    child.kill('SIGHUP');
    const lines = linesOf(out);
    await expect.poll(() => linesOf(out)).toBeGreaterThan(lines + 5);
    child.kill('SIGINT');
    expect(await end).toMatchObject({ code: 0, err: expect.stringMatching(/^\d+ frames in /) });
  });
});

/** What a process has started and has not ended. */
function programsOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}

/** Whole lines of the index. */
function linesOf(recording: string): number {
  const file = join(recording, 'frames.jsonl');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
}

const video = sharedData('video', 'one-by-one-person-detection.mp4');
describe.skipIf(!video || !hasProgram('ffmpeg'))(
  'ocellus record and replay of the clip of people (need ../shared/data, ffmpeg)',
  { timeout },
  () => {
    it('gives the same events each time, with any threads and kernels', async () => {
      const out = at('clip');
      const { code } = await ocellus(['record', `file:${video}`, '--speed', 'max', '--seconds', '40', '--out', out]);
      expect(code).toBe(0);
      const [first, ...others] = await replays(out);
      for (const again of others) expect(again).toBe(first);
      expect(labels(first!)).toEqual(['person']);
    });
  },
);
