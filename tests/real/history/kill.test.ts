import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
  await enough;
  await sleep(Math.random() * 5);
  child.kill('SIGKILL');
  await ended;
  // A line without its end was not said.
  return said.split('\n').slice(0, -1);
}

/** The last that was told of each event, and the number of its picture then. */
function lastTold(lines: readonly string[]): Map<string, { score: number; picture: number; ended: boolean }> {
  const told = new Map<string, { score: number; picture: number; ended: boolean }>();
  for (const line of lines) {
    const [what, id, score, picture] = line.split(' ') as [string, string, string, string];
    if (what === 'ready') continue;
    if (what === 'removed') told.delete(id);
    else told.set(id, { score: Number(score), picture: Number(picture), ended: what === 'end' });
  }
  return told;
}

it(`kill -9 at ${kills} random moments: nothing that was told is missing, and nothing is torn`, async () => {
  const folder = temporaryFolder();
  let pictures = 0;
  for (let kill = 0; kill < kills; kill++) {
    const told = lastTold(await tellAndKill(folder, Math.floor(Math.random() * mostLines)));
    const history = new History({ settings: { enabled: true, days: 30, megabytes: 100 }, folder });
    await history.open();
    expect(history.trouble).toBeUndefined();
    const { events } = await history.list({ limit: 100_000 });
    expect(events.length).toBe(history.size.events);
    const kept = new Map(events.map((event) => [event.id, event]));
    for (const [id, { score, picture, ended }] of told) {
      const event = kept.get(id);
      expect(event, `${id} was told`).toBeDefined();
      expect(event!.score).toBeGreaterThanOrEqual(score);
      expect(event!.picture).toBeGreaterThanOrEqual(picture);
      expect(event!.end_time, 'an event that lasts has ended with its process').not.toBeNull();
      if (ended) expect(event!.end_time).toBe(event!.frame_time);
    }
    for (const { id, picture } of events) {
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
});
