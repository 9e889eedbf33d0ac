import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { InputError } from '../../sdk/base/errors.ts';
import { silent } from '../../sdk/base/log.ts';
import { dayOf } from '../../sdk/history/days.ts';
import { History, type HistorySettings } from '../../sdk/history/history.ts';
import { HistoryDisk } from '../../sdk/history/history-disk.ts';
import type { HistoryQuery } from '../../sdk/history/stored-event.ts';
import { Level } from '../../sdk/store/level.ts';
import type { ObjectState } from '../../sdk/vision/event.ts';
import { closing } from '../support/closing.ts';
import { temporaryFolder } from '../support/folders.ts';
import { dayMs, hourMs, Machine, secondMs, steps, trueMs } from '../support/machine.ts';
import { objectState } from '../vision/fakes.ts';

const defaults: HistorySettings = { enabled: true, days: 30, megabytes: 500 };

interface Made {
  folder?: string | undefined;
  settings?: Partial<HistorySettings>;
  now?: () => number;
}

async function open({ folder, settings, now }: Made = {}): Promise<History> {
  const history = new History({ settings: { ...defaults, ...settings }, folder, ...(now && { now }) });
  closing(history, () => history.close());
  await history.open();
  return history;
}

const noonOf = (day: string) => new Date(`${day}T12:00:00`).getTime() / 1000;
const today = dayOf(Date.now() / 1000);

function event(id: string, over: Partial<ObjectState> = {}) {
  const start = over.start_time ?? noonOf(today);
  return { type: 'new' as const, after: objectState({ id, start_time: start, frame_time: start, ...over }) };
}

const ids = async (history: History, query: Partial<HistoryQuery> = {}) =>
  (await history.list({ limit: 100, ...query })).events.map(({ id }) => id);

const pictures = (folder: string) =>
  (readdirSync(join(folder, 'pictures'), { recursive: true }) as string[]).filter((name) => name.includes('.')).sort();

describe.each([
  ['in memory', () => undefined],
  ['on disk', () => temporaryFolder()],
])('a history %s', (_, makeFolder) => {
  it('lists the newest first, as each stands now, with its newest picture', async () => {
    const history = await open({ folder: makeFolder() });
    history.addPicture('a', Buffer.from('first'));
    history.add(event('a'));
    history.add(event('b'));
    history.addPicture('a', Buffer.from('second'));
    history.add({ ...event('a', { end_time: noonOf(today) + 5 }), type: 'new' });
    const { events } = await history.list({ limit: 9 });
    expect(events).toMatchObject([
      { id: 'b', place: 2, has_snapshot: false, picture: 0, end_time: null },
      { id: 'a', place: 1, has_snapshot: true, picture: 2, end_time: noonOf(today) + 5 },
    ]);
    expect((await history.picture('a'))?.toString()).toBe('second');
    expect(await history.picture('b')).toBeUndefined();
    expect(await history.find('a')).toEqual({ ...events[1], age: expect.any(Number) });
    expect(await history.find('c')).toBeUndefined();
  });

  it('gives pages that follow each other without gap or repetition, of what fits', async () => {
    const history = await open({ folder: makeFolder() });
    for (let i = 0; i < 150; i++) history.add(event(`e${i}`, { label: i % 2 ? 'cat' : 'person' }));
    const seen: string[] = [];
    let before: string | undefined;
    do {
      const page = await history.list({ limit: 7, label: 'cat', ...(before && { before }) });
      seen.push(...page.events.map(({ id }) => id));
      before = page.next ?? undefined;
    } while (before !== undefined);
    expect(seen).toEqual(Array.from({ length: 75 }, (_, i) => `e${149 - 2 * i}`));
    expect(await ids(history, { before: 'e2' })).toEqual(['e1', 'e0']);
    expect(await ids(history, { before: 'gone' })).toEqual([]);
  });

  it('finds by camera, label, taught name, zone and day', async () => {
    const history = await open({ folder: makeFolder(), settings: { days: 3650 } });
    history.add(event('a', { camera: 'hall', start_time: noonOf('2026-11-29') }));
    history.add(event('b', { label: 'cat', sub_label: 'my cat', start_time: noonOf('2026-11-30') }));
    history.add(event('c', { label: 'cat', entered_zones: ['sofa'], start_time: noonOf('2026-11-30') }));
    expect(await ids(history, { camera: 'hall' })).toEqual(['a']);
    expect(await ids(history, { label: 'cat' })).toEqual(['c', 'b']);
    expect(await ids(history, { name: 'my cat' })).toEqual(['b']);
    expect(await ids(history, { zone: 'sofa' })).toEqual(['c']);
    expect(await ids(history, { day: '2026-11-30', name: 'my cat' })).toEqual(['b']);
    expect(await history.days()).toMatchObject([
      { day: '2026-11-30', events: 2 },
      { day: '2026-11-29', events: 1 },
    ]);
    for (const day of ['2026-11-31', '30.11.2026', 'yesterday', '']) {
      await expect(history.list({ limit: 1, day })).rejects.toThrow(InputError);
      await expect(history.remove({ day })).rejects.toThrow('expected a day such as 2026-12-01');
    }
  });

  it('removes one, a day, or all, and says which', async () => {
    const folder = makeFolder();
    const history = await open({ folder, settings: { days: 3650 } });
    for (const [id, day] of [
      ['a', '2026-11-28'],
      ['b', '2026-11-29'],
      ['c', '2026-11-29'],
      ['d', '2026-11-30'],
      ['e', '2026-11-30'],
    ] as const) {
      history.addPicture(id, Buffer.from(id));
      history.add(event(id, { start_time: noonOf(day) }));
    }
    const gone: string[][] = [];
    history.on('removed', (some) => gone.push([...some]));
    expect(await history.remove({ id: 'nothing' })).toBe(0);
    expect(await history.remove({ id: 'd' })).toBe(1);
    expect(await history.remove({ day: '2026-11-29' })).toBe(2);
    expect(await ids(history)).toEqual(['e', 'a']);
    expect(await history.picture('b')).toBeUndefined();
    expect(await history.remove('all')).toBe(2);
    expect(gone).toEqual([['d'], ['c', 'b'], ['e', 'a']]);
    expect(history.size).toEqual({ events: 0, bytes: 0 });
    if (folder) {
      await history.close();
      expect(pictures(folder)).toEqual([]);
      expect(await ids(await open({ folder }))).toEqual([]);
    }
  });

  it('tells of an event once it is kept, in order, and of none after it was closed', async () => {
    const folder = makeFolder();
    const history = await open({ folder });
    const told: string[] = [];
    history.on('event', (type, { id, score }) => told.push(`${type} ${id} ${score}`));
    for (let i = 0; i < 20; i++) history.add({ ...event('a', { score: i }), type: 'new' });
    history.add(event('b'));
    await expect.poll(() => told.length).toBe(21);
    expect(told).toEqual([...Array.from({ length: 20 }, (_, i) => `new a ${i}`), 'new b 0.7']);
    await history.close();
    history.add(event('c'));
    await history.close();
    expect(told).toHaveLength(21);
    if (folder) expect(await ids(history)).toEqual([]);
    await history.open();
    history.add(event('d'));
    expect(await ids(history)).toEqual(['d', 'b', 'a']);
  });

  it('never holds more bytes than it may, but for the newest event', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 500_000 }), { maxLength: 12 }), async (sizes) => {
        const history = await open({ folder: makeFolder(), settings: { megabytes: 1 } });
        for (const [i, size] of sizes.entries()) {
          history.addPicture(`e${i}`, Buffer.alloc(size));
          history.add(event(`e${i}`));
          history.add(event(`e${i}`));
          expect(history.size.bytes).toBeLessThanOrEqual(1e6 + size + 1000);
        }
        expect((await ids(history)).slice(0, 1)).toEqual(sizes.length > 0 ? [`e${sizes.length - 1}`] : []);
        await history.close();
      }),
      { numRuns: 15 },
    );
  });

  it('keeps less at once when it is limited further, and more from then on', async () => {
    const history = await open({ folder: makeFolder() });
    const now = Date.now() / 1000;
    const long = (id: string, days: number) => event(id, { start_time: now - days * 86_400, frame_time: now });
    for (const [id, days] of [
      ['old', 20],
      ['young', 2],
    ] as const)
      history.add(long(id, days));
    history.limit({ ...defaults, days: 10 });
    expect(await ids(history)).toEqual(['young']);
    history.limit({ ...defaults, days: 40 });
    history.add(long('older', 30));
    expect(await ids(history)).toEqual(['older', 'young']);
  });

  it('removes what is older than the days it may keep', async () => {
    let now = 0;
    const history = await open({ folder: makeFolder(), settings: { days: 2 }, now: () => now });
    history.add(event('a'));
    now += 2 * 86_400_000 - 1;
    history.add(event('b'));
    expect(await ids(history)).toEqual(['b', 'a']);
    now += 2;
    history.add(event('c'));
    expect(await ids(history)).toEqual(['c', 'b']);
  });
});

describe('a history on disk', () => {
  it('is there again after a restart: events, pictures, places', async () => {
    const folder = temporaryFolder();
    const first = await open({ folder });
    first.addPicture('a', Buffer.from('old'));
    first.addPicture('a', Buffer.from('new'));
    first.add(event('a', { end_time: noonOf(today) + 9, entered_zones: ['sofa'], sub_label: 'my cat' }));
    first.add(event('b'));
    const before = await first.list({ limit: 9 });
    await first.close();

    const second = await open({ folder });
    expect(second.isKept).toBe(true);
    second.add(event('c'));
    second.addPicture('c', Buffer.from('third'));
    const { events } = await second.list({ limit: 9 });
    expect(events.map(({ id, place }) => [id, place])).toEqual([
      ['c', 3],
      ['b', 2],
      ['a', 1],
    ]);
    const { age: _, ...a } = events[2]!;
    expect(before.events[1]).toMatchObject(a);
    expect((await second.picture('a'))?.toString()).toBe('new');
    expect((await second.picture('c'))?.toString()).toBe('third');
  });

  it('ends events that the last process left open when they were last seen', async () => {
    const folder = temporaryFolder();
    const first = await open({ folder });
    first.add(event('a', { frame_time: noonOf(today) + 3, current_zones: ['sofa'] }));
    first.add({ ...event('b', { end_time: noonOf(today) + 1 }), type: 'new' });
    await first.close();
    expect((await (await open({ folder })).list({ limit: 9 })).events).toMatchObject([
      { id: 'b', end_time: noonOf(today) + 1 },
      { id: 'a', end_time: noonOf(today) + 3, active: false, current_zones: [] },
    ]);
  });

  it('knows events that were told before it was open', async () => {
    const folder = temporaryFolder();
    const history = new History({ settings: defaults, folder });
    closing(history, () => history.close());
    history.addPicture('a', Buffer.from('jpeg'));
    history.add(event('a'));
    expect(await ids(history)).toEqual(['a']);
    expect((await history.picture('a'))?.toString()).toBe('jpeg');
  });

  it('removes pictures of no event, and has none where the file is not what was written', async () => {
    const folder = temporaryFolder();
    const first = await open({ folder });
    first.addPicture('a', Buffer.from('whole'));
    first.add(event('a'));
    await first.close();
    const [name] = pictures(folder);
    writeFileSync(join(folder, 'pictures', '0', '7-9.jpg'), 'of nothing');
    writeFileSync(join(folder, 'pictures', '0', `1-1.jpg.0123abcd`), 'half');
    writeFileSync(join(folder, 'pictures', name!), 'cut');
    const second = await open({ folder });
    expect(pictures(folder)).toEqual([name]);
    expect(await second.picture('a')).toBeUndefined();
  });

  it('is in memory where another process has it, or it is off, and says so', async () => {
    const folder = temporaryFolder();
    await open({ folder });
    const second = await open({ folder });
    second.add(event('a'));
    expect(await ids(second)).toEqual(['a']);
    expect(second.isKept).toBe(false);
    expect(second.trouble).toContain('uses it already');
    const off = temporaryFolder();
    const third = await open({ folder: join(off, 'history'), settings: { enabled: false } });
    third.add(event('a'));
    expect(await ids(third)).toEqual(['a']);
    expect(third.trouble).toBeUndefined();
    await third.close();
    expect(existsSync(join(off, 'history'))).toBe(false);
  });

  it('has the last events in memory while the disk does not take them, and tells of them', async () => {
    const folder = temporaryFolder();
    const history = await open({ folder });
    history.add(event('a'));
    const told: string[] = [];
    history.on('event', (_, { id }) => told.push(id));
    rmSync(join(folder, 'events'), { recursive: true });
    history.add(event('b'));
    history.addPicture('b', Buffer.from('jpeg'));
    await expect.poll(() => history.trouble).toContain('its folder was removed');
    history.add(event('c'));
    await expect.poll(() => told).toContain('c');
    expect((await ids(history)).slice(0, 2)).toEqual(['c', 'b']);
    expect((await history.picture('b'))?.toString()).toBe('jpeg');
    // Bounded.
    for (let i = 0; i < 600; i++) history.add(event(`e${i}`));
    expect((await ids(history, { limit: 1000 })).length).toBeLessThanOrEqual(501);
  });
});

describe('ages in the history of a board without a clock', () => {
  const made = async (folder: string, machine: Machine, days = 30) => {
    const { now, run } = machine.clock();
    const history = new History({ settings: { ...defaults, days }, folder, now, run });
    closing(history, () => history.close());
    await history.open();
    return history;
  };
  /** As a camera tells it. */
  const seen = (id: string, machine: Machine) => event(id, { start_time: machine.clock().run.wallSeconds() });
  const told = async (history: History) => (await history.list({ limit: 99 })).events.map(({ id, age }) => [id, age]);

  it.each(steps)('keeps what was just recorded when the clock is set by %s before the next start', async (_, ms) => {
    const machine = new Machine();
    const folder = temporaryFolder();
    const first = await made(folder, machine, 1);
    first.add(seen('a', machine));
    first.add(seen('b', machine));
    machine.step(ms);
    first.add(seen('c', machine));
    await first.close();
    machine.spend(23 * hourMs);
    const second = await made(folder, machine, 1);
    expect(await ids(second)).toEqual(['c', 'b', 'a']);
    machine.step(-ms);
    machine.spend(2 * hourMs);
    // The newest stays.
    second.add(seen('d', machine));
    expect(await ids(second)).toEqual(['d']);
  });

  it.each([0, 2 * trueMs, undefined])('keeps it over a start without power, with the clock at %s', async (wallMs) => {
    const machine = new Machine();
    const folder = temporaryFolder();
    const first = await made(folder, machine, 1);
    for (const id of ['a', 'b']) first.add(seen(id, machine));
    await first.close();
    machine.switchOff(hourMs, wallMs);
    const second = await made(folder, machine, 1);
    second.add(seen('c', machine));
    machine.learnTime();
    second.limit({ ...defaults, days: 1 });
    expect(await ids(second)).toEqual(['c', 'b', 'a']);
    const ages = new Map((await told(second)) as [string, number][]);
    expect(ages.get('c')).toBe(0);
  });

  it('removes it when its days have passed on a board that is switched off daily and never knows the time', async () => {
    const machine = new Machine();
    const folder = temporaryFolder();
    let history = await made(folder, machine, 2);
    history.add(seen('a', machine));
    for (let evening = 0; evening < 5; evening++) {
      machine.spend(10 * hourMs);
      history.add(seen(`evening ${evening}`, machine));
      expect(await ids(history)).toContain(evening < 4 ? 'a' : `evening ${evening}`);
      await history.close();
      machine.switchOff(14 * hourMs, 0);
      history = await made(folder, machine, 2);
    }
    expect(await ids(history)).toEqual([4, 3, 2, 1, 0].map((evening) => `evening ${evening}`));
  });

  it('counts the time without power where the network had set the clock before, as soon as it has set it again', async () => {
    const machine = new Machine();
    const folder = temporaryFolder();
    const first = await made(folder, machine, 2);
    first.add(seen('untimed', machine));
    machine.learnTime();
    first.add(seen('timed', machine));
    await first.close();
    machine.switchOff(3 * dayMs, 0);
    const second = await made(folder, machine, 2);
    second.add(seen('c', machine));
    expect(await ids(second)).toEqual(['c', 'timed', 'untimed']);
    machine.learnTime();
    // And what began before it is older still.
    second.limit({ ...defaults, days: 2 });
    expect(await ids(second)).toEqual(['c']);
    machine.spend(10 * secondMs);
    expect(await told(second)).toEqual([['c', 10]]);
  });

  it('notes each hour how old it is', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    closing(undefined, async () => void vi.useRealTimers());
    const machine = new Machine();
    const folder = temporaryFolder();
    const mark = vi.spyOn(HistoryDisk.prototype, 'mark');
    const write = vi.spyOn(HistoryDisk.prototype, 'write');
    const history = await made(folder, machine);
    history.add(seen('a', machine));
    await Promise.all(write.mock.results.map(({ value }) => value));
    for (let hour = 0; hour < 30; hour++) {
      machine.spend(hourMs);
      vi.advanceTimersByTime(hourMs);
    }
    await Promise.all(mark.mock.results.map(({ value }) => value));
    // As of a process that is killed: nothing is noted at its end.
    mark.mockResolvedValue();
    await history.close();
    vi.restoreAllMocks();
    machine.switchOff(hourMs, 0);
    const next = await made(folder, machine, 1);
    next.add(seen('b', machine));
    expect(await ids(next)).toEqual(['b']);
  });

  it('takes what an earlier version stored for new', async () => {
    const folder = temporaryFolder();
    const level = await Level.open(join(folder, 'events'), {
      ...{ title: 'the history', contents: 'events', writer: 'history', logger: silent },
    });
    for (const place of [1, 2]) {
      const key = (letter: string) =>
        Buffer.concat([Buffer.from(letter), Buffer.from(`000000000000000${place}`, 'hex')]);
      const { after } = event(`e${place}`, { end_time: noonOf(today) });
      const row = { place, id: after.id, startTime: after.start_time, bytes: 100, picture: 0, pictureBytes: 0 };
      await level.write(
        [
          { type: 'put', key: key('r'), value: Buffer.from(JSON.stringify(row)) },
          { type: 'put', key: key('e'), value: Buffer.from(JSON.stringify(after)) },
        ],
        false,
      );
    }
    await level.close();
    const machine = new Machine();
    const history = await made(folder, machine, 2);
    machine.spend(47 * hourMs);
    history.add(seen('new', machine));
    expect(await ids(history)).toEqual(['new', 'e2', 'e1']);
    machine.spend(2 * hourMs);
    history.add(seen('newer', machine));
    expect(await ids(history)).toEqual(['newer', 'new']);
  });
});

describe('a camera that gets another name', () => {
  it.each(['on disk', 'in memory'])('takes its past events with it, %s', async (where) => {
    const folder = where === 'on disk' ? temporaryFolder() : undefined;
    const history = await open({ folder });
    history.add(event('a', { camera: 'door' }));
    history.add(event('b', { camera: 'yard' }));
    await history.renameCamera('door', 'porch');
    // Another camera of the old name, later.
    history.add(event('c', { camera: 'door' }));
    await history.renameCamera('porch', 'gate');
    const found = async (of: History) => [
      await ids(of, { camera: 'gate' }),
      await ids(of, { camera: 'porch' }),
      await ids(of, { camera: 'door' }),
      (await of.find('a'))?.camera,
    ];
    const expected = [['a'], [], ['c'], 'gate'];
    expect(await found(history)).toEqual(expected);
    if (folder === undefined) return;
    await history.close();
    expect(await found(await open({ folder }))).toEqual(expected);
  });
});

describe('clips of events', () => {
  const mp4 = (kilobytes: number) => Buffer.alloc(kilobytes * 1000, kilobytes);
  const begins = (...ids: string[]) => new Map(ids.map((id) => [id, 0]));
  const files = (folder: string) =>
    existsSync(join(folder, 'clips'))
      ? (readdirSync(join(folder, 'clips'), { recursive: true }) as string[])
          .filter((name) => name.includes('.'))
          .sort()
      : [];

  it('are there after a restart, shared by events, and gone with the last of them', async () => {
    const folder = temporaryFolder();
    const history = await open({ folder });
    for (const id of ['a', 'b', 'c']) history.add(event(id));
    const before = history.size.bytes;
    const told: [string, string, boolean][] = [];
    history.on('event', (type, { id, has_clip }) => told.push([type, id, has_clip]));
    await expect.poll(() => told.length).toBe(3);
    expect(
      await history.addClip(
        new Map([
          ['a', 4.5],
          ['b', 9],
        ]),
        mp4(7),
      ),
    ).toBeUndefined();
    expect(told.slice(3)).toEqual([
      ['update', 'a', true],
      ['update', 'b', true],
    ]);
    expect(history.size.bytes).toBe(before + 7000);
    expect((await history.days())[0]!.bytes).toBe(before + 7000);
    await history.close();

    const after = await open({ folder });
    expect(after.size.bytes).toBe(before + 7000);
    expect((await after.list({ limit: 9 })).events.map(({ id, has_clip, clip_at }) => [id, has_clip, clip_at])).toEqual(
      [
        ['c', false, 0],
        ['b', true, 9],
        ['a', true, 4.5],
      ],
    );
    expect(readFileSync((await after.clip('a'))!)).toEqual(mp4(7));
    expect(await after.clip('b')).toBe(await after.clip('a'));
    expect(await after.clip('c')).toBeUndefined();
    await after.remove({ id: 'a' });
    expect(files(folder)).toHaveLength(1);
    expect(readFileSync((await after.clip('b'))!)).toEqual(mp4(7));
    await after.remove({ day: today });
    expect(files(folder)).toEqual([]);
    expect(after.size).toEqual({ events: 0, bytes: 0 });
  });

  it('make room for others before events do, the oldest first', async () => {
    const folder = temporaryFolder();
    const history = await open({ folder, settings: { megabytes: 1 } });
    for (let i = 0; i < 15; i++) {
      history.add(event(`e${i}`));
      history.add(event(`f${i}`));
      expect(await history.addClip(begins(`e${i}`, `f${i}`), mp4(90))).toBeUndefined();
    }
    await expect.poll(() => files(folder).length).toBeLessThanOrEqual(11);
    expect(history.size.events).toBe(30);
    expect(history.size.bytes).toBeLessThanOrEqual(1e6);
    const { events } = await history.list({ limit: 100 });
    const having = events.filter(({ has_clip }) => has_clip).map(({ id }) => id);
    expect(having).toEqual(events.slice(0, having.length).map(({ id }) => id));
    expect(having.length).toBe(2 * files(folder).length);
    await history.close();
    const after = await open({ folder, settings: { megabytes: 1 } });
    expect((await after.list({ limit: 100 })).events.filter(({ has_clip }) => has_clip)).toHaveLength(having.length);
  });

  it('are refused with the reason, and nothing of them stays', async () => {
    const folder = temporaryFolder();
    const small = await open({ folder, settings: { megabytes: 1 } });
    small.add(event('a'));
    expect(await small.addClip(begins('a'), mp4(101))).toBe('it has 0.1 MB, more than a tenth of history.megabytes, 1');
    // Removed meanwhile: nobody misses it.
    expect(await small.addClip(begins('gone'), mp4(1))).toBeUndefined();
    await small.remove('all');
    small.add(event('b'));
    const adding = small.addClip(begins('b'), mp4(50));
    await Promise.all([small.remove('all'), adding]);
    expect(files(folder)).toEqual([]);
    const inMemory = await open();
    inMemory.add(event('a'));
    expect(await inMemory.addClip(begins('a'), mp4(1))).toMatch(/on disk alone/);
  });

  it('are removed where their process ended before their events knew of them, or in the middle', async () => {
    const folder = temporaryFolder();
    const history = await open({ folder });
    history.add(event('a'));
    await history.addClip(begins('a'), mp4(5));
    const [name] = files(folder);
    await history.close();
    writeFileSync(join(folder, 'clips', '0', '9.mp4'), 'nobody knows of it');
    writeFileSync(join(folder, 'clips', '0', '2.mp4.0a0b0c0d'), 'torn');
    const after = await open({ folder });
    expect(files(folder)).toEqual([name]);
    // Cut short by a power failure.
    writeFileSync(join(folder, 'clips', name!), 'short');
    expect(await after.clip('a')).toBeUndefined();
  });
});
