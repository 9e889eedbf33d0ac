import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { History } from '../../../sdk/history/history.ts';
import { campaign } from '../../support/campaign.ts';
import { temporaryFolder } from '../../support/folders.ts';

const kills = campaign(100, 8);
/** Between the first line and the kill, at most. */
const mostLines = 300;

/** Tells of events, and is killed after so many lines, at a random moment of what comes next. @returns What was told. */
async function tellAndKill(folder: string, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [asset('tests', 'real', 'history', 'history-process.mjs'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  let said = '';
  const enough = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.split('\n').length - 1 > lines) resolve();
    });
  });
  const died = ended.then(() =>
    Promise.reject(new Error(`it ended by itself, after ${JSON.stringify(said.slice(-200))}`)),
  );
  await Promise.race([enough, died]);
  // Being killed is what it is for.
  died.catch(() => {});
  await sleep(Math.random() * 5);
  child.kill('SIGKILL');
  await ended;
  // A line without its end was not said.
  return said.split('\n').slice(0, -1);
}

interface Told {
  readonly score: number;
  readonly picture: number;
  readonly hasClip: boolean;
  readonly ended: boolean;
}

/** The last that was told of each event, the number of its picture then, and whether it had a clip. */
function lastTold(lines: readonly string[]): Map<string, Told> {
  const told = new Map<string, Told>();
  for (const line of lines) {
    const [what, id, score, picture, clip] = line.split(' ') as [string, string, string, string, string];
    if (what === 'ready') continue;
    if (what === 'removed') told.delete(id);
    else
      told.set(id, {
        ...{ score: Number(score), picture: Number(picture), hasClip: clip === 'true' },
        ended: what === 'end' || (told.get(id)?.ended ?? false),
      });
  }
  return told;
}

it(`kill -9 at ${kills} random moments: nothing that was told is missing, and nothing is torn`, async () => {
  const folder = temporaryFolder();
  let pictures = 0;
  let clips = 0;
  for (let kill = 0; kill < kills; kill++) {
    const told = lastTold(await tellAndKill(folder, Math.floor(Math.random() * mostLines)));
    const history = new History({ settings: { enabled: true, days: 30, megabytes: 100 }, folder });
    await history.open();
    expect(history.trouble).toBeUndefined();
    const { events } = await history.list({ limit: 100_000 });
    expect(events.length).toBe(history.size.events);
    const kept = new Map(events.map((event) => [event.id, event]));
    for (const [id, { score, picture, hasClip, ended }] of told) {
      const event = kept.get(id);
      expect(event, `${id} was told`).toBeDefined();
      expect(event!.score).toBeGreaterThanOrEqual(score);
      expect(event!.picture).toBeGreaterThanOrEqual(picture);
      // The oldest clips make room for others, and nobody is told.
      if (hasClip && history.size.bytes < 2.5e6) expect(event!.has_clip).toBe(true);
      expect(event!.end_time, 'an event that lasts has ended with its process').not.toBeNull();
      if (ended) expect(event!.end_time).toBe(event!.frame_time);
    }
    for (const { id, picture, has_clip } of events) {
      const clip = has_clip && readFileSync((await history.clip(id)) ?? expect.fail(`the clip of ${id} is missing`));
      if (clip) {
        expect(clip.length).toBe(3000 + clip[0]! * 100);
        expect(clip.every((byte) => byte === clip[0])).toBe(true);
        clips++;
      }
      const jpeg = await history.picture(id);
      if (picture === 0) continue;
      expect(jpeg, `the picture of ${id}`).toBeDefined();
      expect(jpeg!.length).toBe(1000 + jpeg![0]! * 100);
      expect(jpeg!.every((byte) => byte === jpeg![0])).toBe(true);
      pictures++;
    }
    await history.close();
  }
  expect(pictures).toBeGreaterThan(kills);
  expect(clips).toBeGreaterThan(0);
});
