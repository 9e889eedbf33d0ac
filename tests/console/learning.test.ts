import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { hashPassword } from '../../sdk/access/password.ts';
import { resolveSettings } from '../../sdk/config/settings.ts';
import type { Part } from '../../sdk/learn/ledger/part.ts';
import { NodeLearning } from '../../sdk/learn/node-learning.ts';
import { readPicture } from '../../sdk/picture/picture.ts';
import type { Track } from '../../sdk/vision/track.ts';
import type {
  AsideState,
  ExamplePage,
  LearningState,
  Looks,
  NearMissState,
  ServerMessage,
  TaughtAnswer,
  Undoable,
} from '../../tools/console/protocol.ts';
import { Console } from '../../tools/console/server/console.ts';
import { FakeCamera, FakeNode, pageFolder, track } from './fakes.ts';

/** Two things that look different, on grey. */
const things = {
  red: { id: 1, box: [20, 20, 140, 140] },
  blue: { id: 2, box: [180, 20, 300, 140] },
} as const;

describe('Console: learning', { timeout: 900_000 }, () => {
  const page = pageFolder();
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-taught-'));
  const learning = new NodeLearning({
    node: 'porch',
    settings: { ...resolveSettings({}).learn, thumbnails: true },
    folder,
  });
  const node = Object.assign(new FakeNode([new FakeCamera('door')]), { learning });
  const server = new Console({ node, port: 0, folder: page.folder });
  let url: string;
  let picture: Buffer;

  /** The camera sees its things. */
  async function look(seconds: number, of: Pick<Track, 'id' | 'box'>[] = Object.values(things)): Promise<void> {
    const frame = await readPicture(picture, {
      captureTimeNs: seconds * 1e9,
      wallTimeMs: 1_700_000_000_000 + seconds * 1000,
    });
    const tracks = of.map(({ id, box }): Track => track({ id, box: [...box] }));
    await learning.camera('door').look({ frame, tracks, inferred: true, moving: true });
    frame.release();
  }

  beforeAll(async () => {
    const square = (r: number, g: number, b: number, stripe: number) =>
      Buffer.from(
        `<svg width="120" height="120"><rect width="120" height="120" fill="rgb(${r},${g},${b})"/>${Array.from({ length: 6 }, (_, i) => `<circle cx="${15 + i * 18}" cy="${stripe * i + 15}" r="8" fill="white"/>`).join('')}</svg>`,
      );
    picture = await sharp({ create: { width: 320, height: 180, channels: 3, background: '#777' } })
      .composite([
        { input: square(220, 30, 30, 14), left: 20, top: 20 },
        { input: square(30, 40, 220, 0), left: 180, top: 20 },
      ])
      .jpeg({ quality: 95 })
      .toBuffer();
    learning.addCamera('door', { enabled: true, states: {} });
    ({ url } = await server.start());
    await look(0);
    learning.camera('door').noteEvent({ id: 'e-1', track_id: 1 });
  });
  afterAll(async () => {
    await server.stop();
    await learning.stop();
    page.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${url}api/learning${path}`);
    expect(response.status, path).toBe(200);
    return response.json() as Promise<T>;
  };
  const post = (path: string, body: unknown) =>
    fetch(`${url}api/learning${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const done = async <T>(path: string, body: unknown): Promise<T> => {
    const response = await post(path, body);
    const answer = (await response.json()) as T;
    expect([response.status, answer]).toEqual([200, expect.anything()]);
    return answer;
  };
  const refusal = async (path: string, body: unknown): Promise<string> => {
    const response = await post(path, body);
    expect(response.status).toBe(400);
    return ((await response.json()) as { error: string }).error;
  };
  const labels = async (head = 'object') => {
    const state = await get<LearningState>('');
    return state.heads.find(({ name }) => name === head)?.labels ?? [];
  };

  it('begins with nothing', async () => {
    expect(await get('')).toEqual({ thumbnails: true, heads: [], nodes: [], cuts: [], asides: 0 });
    expect(await get('/near-misses')).toEqual([]);
    expect(await get('/examples')).toEqual({ examples: [], next: null });
  });

  it('shows the looks at a track and at an event', async () => {
    const of = await get<Looks>('/looks?camera=door&track=1');
    expect(of.looks).toHaveLength(1);
    expect(await get('/looks?camera=door&event=e-1')).toEqual(of);
    expect(await get('/looks?camera=door&event=gone')).toEqual({ looks: [] });
    const response = await fetch(new URL(of.looks[0]!.url, url));
    expect([response.status, response.headers.get('content-type'), response.headers.get('cache-control')]).toEqual([
      200,
      'image/jpeg',
      'no-store',
    ]);
    expect((await sharp(Buffer.from(await response.arrayBuffer())).metadata()).width).toBeGreaterThan(100);
    expect((await fetch(`${url}api/learning/looks/door/1/5.jpg`)).status).toBe(404);
    expect((await fetch(`${url}api/learning/looks/attic/1/5.jpg`)).status).toBe(404);
  });

  it('teaches a track and an event, says what came of it, and tells the pages', async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}api/live`, { origin: url.slice(0, -1) });
    const told: ServerMessage[] = [];
    socket.on('message', (data, isBinary) => void (isBinary || told.push(JSON.parse(String(data)))));
    await expect.poll(() => told[0]).toMatchObject({ type: 'state', state: { learning: { heads: [] } } });
    const first = await done<TaughtAnswer>('/teach', { camera: 'door', event: 'e-1', label: 'red thing' });
    expect(first).toEqual({
      ...{ head: 'object', examples: 1, taken: true, version: 1, named: null, reason: null, acceptable: false },
      ...{ aside: null, undo: expect.any(String) },
    });
    const second = await done<TaughtAnswer>('/teach', { camera: 'door', track: 2, label: 'blue thing' });
    expect(second).toMatchObject({ taken: true, version: 2 });
    expect(await labels()).toMatchObject([
      { label: 'blue thing', examples: 1, negatives: 0, others: 0, named: null },
      { label: 'red thing', examples: 1 },
    ]);
    await expect
      .poll(() => told.filter(({ type }) => type === 'learning').at(-1), { timeout: 5000 })
      .toMatchObject({ learning: { heads: [{ name: 'object', objects: true, labels: [{}, {}], version: 2 }] } });
    expect(told.filter(({ type }) => type === 'states')).not.toEqual([]);
    socket.terminate();
    expect(learning.camera('door').nameOf(1)?.label).toBe('red thing');
    expect(learning.camera('door').nameOf(2)?.label).toBe('blue thing');
  });

  it('does not ask for a word on what was taught', async () => {
    expect(await get('/near-misses')).toEqual([]);
    const frame = await readPicture(picture, { wallTimeMs: 1_700_000_100_000 });
    await learning.camera('door').look({
      ...{ frame, inferred: true, moving: true },
      tracks: [track({ id: 3, box: [20, 20, 140, 140] })],
    });
    frame.release();
    const [miss, ...others] = await get<NearMissState[]>('/near-misses');
    expect(others).toEqual([]);
    expect(miss).toMatchObject({ camera: 'door', track: 3, nearest: 'red thing', label: 'red thing' });
    expect((await fetch(new URL(miss!.picture, url))).status).toBe(200);
    await done('/teach', { camera: 'door', track: 3, label: miss!.nearest });
    expect(await get('/near-misses')).toEqual([]);
  });

  it('teaches a drawn box as it was when it was drawn', async () => {
    const { id, looks } = await done<Looks>('/looks', { camera: 'door', box: [185, 25, 295, 135] });
    expect((await fetch(new URL(looks[0]!.url, url))).headers.get('content-type')).toBe('image/jpeg');
    const held = { camera: 'door', look: id, label: 'blue thing' };
    expect((await post('/teach', { ...held, camera: 'hall' })).status).toBe(404);
    expect(await done('/teach', held)).toMatchObject({ head: 'object', examples: 1, taken: true });
    // Once: a second click teaches nothing twice.
    expect((await post('/teach', held)).status).toBe(404);
    expect((await labels()).find(({ label }) => label === 'blue thing')).toMatchObject({ examples: 2 });
  });

  it('holds few drawn boxes: the oldest go', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 17; i++) {
      ids.push((await done<{ id: string }>('/looks', { camera: 'door', box: [10 + i, 10, 60, 60] })).id);
    }
    const statuses = await Promise.all(
      ids.map(async (id) => (await fetch(`${url}api/learning/looks/${id}.jpg`)).status),
    );
    expect(statuses).toEqual([404, ...Array(16).fill(200)]);
  });

  it('lists examples in pages with their pictures, relabels and forgets them', async () => {
    const first = await get<{ examples: { id: string; label: string; thumbnail: boolean }[]; next: number | null }>(
      '/examples?head=object&limit=3',
    );
    expect(first.examples).toHaveLength(3);
    const rest = await get<typeof first>(`/examples?head=object&limit=3&offset=${first.next}`);
    expect([rest.examples.length, rest.next]).toEqual([1, null]);
    const all = [...first.examples, ...rest.examples];
    expect(new Set(all.map(({ id }) => id)).size).toBe(4);
    expect(all.map(({ thumbnail }) => thumbnail)).toEqual([true, true, true, true]);
    const [newest] = all;
    expect(newest).not.toHaveProperty('embedding');
    const thumbnail = await fetch(`${url}api/learning/examples/${newest!.id}/thumbnail.jpg`);
    expect([thumbnail.status, thumbnail.headers.get('cache-control')]).toEqual([200, 'no-store']);

    expect(await done('/relabel', { example: newest!.id, label: 'sky' })).toMatchObject({ head: 'object' });
    expect((await labels()).map(({ label, examples }) => [label, examples])).toEqual([
      ['blue thing', 1],
      ['red thing', 2],
      ['sky', 1],
    ]);
    expect(await refusal('/relabel', { example: newest!.id, label: 'sky' })).toContain(newest!.id);
    expect(await done('/forget', { head: 'object', label: 'sky' })).toMatchObject({ forgotten: 1 });
    expect(await done('/forget', { example: all.at(-1)!.id })).toMatchObject({ forgotten: 1 });
    expect((await labels()).map(({ label, examples }) => [label, examples])).toEqual([
      ['blue thing', 1],
      ['red thing', 1],
    ]);
  });

  it('teaches what it is not', async () => {
    const teaching = { camera: 'door', track: 3, label: 'red thing', negative: true };
    const asked = await done<TaughtAnswer>('/teach', teaching);
    expect(asked).toMatchObject({
      examples: 0,
      taken: false,
      reason: expect.stringContaining('taught as "red thing"'),
    });
    const [aside, ...others] = await get<AsideState[]>('/asides');
    expect([others, asked.aside]).toEqual([[], aside]);
    expect(aside).toMatchObject({
      label: 'red thing',
      negative: true,
      taken_for: { label: 'red thing', negative: false },
    });
    const pictures = [aside!.picture!, ...aside!.against.map(({ picture }) => picture!)];
    expect(pictures.length).toBeGreaterThan(1);
    for (const path of pictures) expect((await fetch(new URL(path, url))).status).toBe(200);
    expect(await get('')).toMatchObject({ asides: 1 });
    const settled = await done<TaughtAnswer>('/settle', { aside: aside!.id, label: 'red thing', negative: true });
    expect(settled).toMatchObject({ examples: 1, taken: true, aside: null });
    expect(await get('')).toMatchObject({ asides: 0 });
    // Taken back: it waits again, and is no example.
    await done('/undo', { undo: settled.undo });
    expect(await get('/asides')).toEqual([aside]);
    expect((await labels()).find(({ label }) => label === 'red thing')).toMatchObject({ negatives: 0 });
    expect((await post('/undo', { undo: settled.undo })).status).toBe(404);
    const { undo } = await done<TaughtAnswer>('/settle', { aside: aside!.id });
    await done('/undo', { undo });
    expect(await get('/asides')).toEqual([aside]);
    await done('/settle', { aside: aside!.id });
    expect(await refusal('/settle', { aside: aside!.id })).toContain('a lesson that waits for an answer');
    expect(await done('/teach', { ...teaching, anyway: true })).toMatchObject({ examples: 1 });
    expect((await labels()).find(({ label }) => label === 'red thing')).toMatchObject({ negatives: 1 });
    const { examples } = await get<{ examples: { id: string; negative: boolean }[] }>('/examples?label=red+thing');
    await done('/forget', { example: examples.find(({ negative }) => negative)!.id });
  });

  it('takes back what was taught, given another name, forgotten: pictures too', async () => {
    const all = async () => (await get<ExamplePage>('/examples?head=object')).examples;
    const before = (await all()).map(({ label, thumbnail }) => [label, thumbnail]).sort();
    const sorted = async () => (await all()).map(({ label, thumbnail }) => [label, thumbnail]).sort();
    const taught = await done<TaughtAnswer>('/teach', { camera: 'door', box: [0, 60, 320, 180], label: 'new one' });
    expect((await labels()).map(({ label }) => label)).toContain('new one');
    await done('/undo', { undo: taught.undo });
    expect(await sorted()).toEqual(before);
    const [one] = await all();
    const relabelled = await done<TaughtAnswer>('/relabel', { example: one!.id, label: 'other' });
    expect(await sorted()).not.toEqual(before);
    await done('/undo', { undo: relabelled.undo });
    expect(await sorted()).toEqual(before);
    const { undo } = await done<Undoable>('/forget', { head: 'object', label: one!.label });
    expect(await sorted()).not.toEqual(before);
    await done('/undo', { undo });
    expect(await sorted()).toEqual(before);
    expect(await refusal('/undo', {})).toContain('undo');
  });

  it('goes back to a version, and takes what was refused', async () => {
    const before = (await get<LearningState>('')).heads[0]!;
    const wanted = before.versions.at(-2)!;
    expect(await done('/rollback', { head: 'object', version: wanted })).toMatchObject({
      taken: true,
      version: wanted,
    });
    expect((await get<LearningState>('')).heads[0]).toMatchObject({
      version: wanted,
      refused: expect.stringContaining('rolled back'),
    });
    expect(await done('/accept', { head: 'object' })).toMatchObject({ taken: true, acceptable: false });
    expect((await get<LearningState>('')).heads[0]).toMatchObject({ refused: null });
    expect(await refusal('/rollback', { head: 'object', version: 999 })).toContain('expected one of');
    expect(await refusal('/accept', { head: 'gate' })).toContain('expected one of object');
  });

  it('teaches the state of the view, which the camera then shows', async () => {
    expect(await done('/teach', { camera: 'door', view: 'porch', label: 'tidy' })).toMatchObject({ head: 'porch' });
    expect(await labels('porch')).toMatchObject([{ label: 'tidy', examples: 1 }]);
    for (let seconds = 200; seconds < 220; seconds += 2) await look(seconds);
    const camera = await (await fetch(`${url}api/cameras/door`)).json();
    expect(camera).toMatchObject({ states: [{ head: 'porch', state: 'tidy' }] });
    await done('/forget', { head: 'porch', label: 'tidy' });
    expect(await (await fetch(`${url}api/cameras/door`)).json()).toMatchObject({ states: [] });
    expect((await get<LearningState>('')).heads.map(({ name }) => name)).toEqual(['object']);
  });

  it('keeps a negative of what has no label yet, and says that it is of no use so far', async () => {
    expect(await done('/teach', { camera: 'door', view: 'gate', label: 'open', negative: true })).toEqual({
      ...{ head: 'gate', examples: 1, taken: false, version: null, named: null, acceptable: false, aside: null },
      undo: expect.any(String),
      reason: 'gate: there are no examples of a label',
    });
    expect((await get<LearningState>('')).heads.find(({ name }) => name === 'gate')).toMatchObject({
      ...{ objects: false, version: null, labels: [{ label: 'open', examples: 0, negatives: 1 }] },
    });
    expect(await done('/forget', { head: 'gate', label: 'open' })).toMatchObject({ forgotten: 1 });
  });

  it('cuts out another node, and takes that back', async () => {
    const learner = await learning.open();
    const [example] = learner.ledger.examples('object');
    const id = `${'f'.repeat(16)}-1`;
    const part: Part = {
      ...{ node: 'shed', head: 'object', label: 'red thing' },
      seen: new Map([['f'.repeat(16), 1]]),
      items: new Map([[id, { ...example!, id, node: 'shed', label: 'red thing' }]]),
    };
    await learner.merge([part]);
    expect(await get('')).toMatchObject({ nodes: [{ node: 'shed', examples: 1 }], cuts: [] });
    expect((await labels()).find(({ label }) => label === 'red thing')).toMatchObject({ examples: 2, others: 1 });
    expect(await done('/forget', { node: 'shed', reason: 'its lens is broken' })).toMatchObject({ forgotten: 1 });
    const { nodes, cuts } = await get<LearningState>('');
    expect(nodes).toEqual([]);
    expect(cuts).toMatchObject([
      { node: 'porch', target: 'all that shed taught', reason: 'its lens is broken', own: true },
    ]);
    expect(await done('/withdraw', { cut: cuts[0]!.id })).toEqual({});
    expect(await get('')).toMatchObject({ nodes: [{ node: 'shed', examples: 1 }], cuts: [] });
    expect(await refusal('/withdraw', { cut: cuts[0]!.id })).toContain('cut');
  });

  it.each([
    ['/teach', { camera: 'door', label: 'x' }, 'expected one of track, event, box, view or look, got none'],
    ['/teach', { camera: 'door', track: 1, view: 'a', label: 'x' }, 'got track and view'],
    ['/teach', { camera: 'attic', track: 1, label: 'x' }, 'expected one of door, got attic'],
    ['/teach', { camera: 'door', track: 99, label: 'x' }, 'track: expected one that was seen well'],
    ['/teach', { camera: 'door', track: 1, label: 'unknown' }, 'expected a name'],
    ['/teach', { camera: 'door', track: 1, label: ' x' }, 'label: expected 1 to 64 printable characters'],
    ['/teach', { camera: 'door', view: 'object', label: 'x' }, 'view: expected the name of a state'],
    ['/teach', { camera: 'door', track: 1, label: 'x', colour: 'red' }, 'colour'],
    [
      '/teach',
      { camera: 'door', box: [5, 5, 6, 6], label: 'x' },
      'box: expected [x1, y1, x2, y2] of at least 8 pixels',
    ],
    ['/teach', [], 'expected fields'],
    ['/looks', { camera: 'door', box: [1, 2, 3] }, 'box'],
    ['/relabel', { example: 'nothing', label: 'x' }, 'nothing'],
    ['/forget', {}, 'expected an example, a head and a label, or a node, got none'],
    ['/forget', { head: 'object' }, 'got head'],
    ['/forget', { node: 'porch', example: 'x' }, 'got example and node'],
    ['/forget', { head: 'object', label: 'never' }, 'expected something that was taught'],
    ['/rollback', { head: 'object', version: 0.5 }, 'version'],
  ])('%s refuses %j', async (path, body, said) => expect(await refusal(path, body)).toContain(said));

  it.each([
    '/examples?limit=0',
    '/examples?offset=-1',
    '/examples?colour=red',
    '/looks',
    '/looks?camera=door&track=x',
    '/looks?camera=attic&track=1',
  ])('GET %s is refused', async (path) => expect((await fetch(`${url}api/learning${path}`)).status).toBe(400));

  it('takes nothing but JSON, from no page of another origin', async () => {
    const plain = await fetch(`${url}api/learning/forget`, { method: 'POST', body: '{"node":"porch"}' });
    expect(plain.status).toBe(415);
    const foreign = await fetch(`${url}api/learning/forget`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'http://evil.example' },
      body: '{"node":"porch"}',
    });
    expect(foreign.status).toBe(403);
    expect((await labels()).length).toBeGreaterThan(0);
  });

  it('survives random requests, and takes nothing of them in', async () => {
    const before = await get<LearningState>('');
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(-1, 0.5, 1e300, null, '', 'door', 'x'.repeat(100), [0, 0, 1e300, 1e300], [1, 2, null, 4]),
    );
    const fields = fc.constantFrom(
      ...['camera', 'track', 'event', 'box', 'look', 'example', 'node', 'cut', 'version', 'reason', 'negative'],
      ...['__proto__', 'constructor', 'x'],
    );
    const body = fc.oneof(
      fc.dictionary(fields, value).map((one) => JSON.stringify(one)),
      fc.jsonValue().map((one) => JSON.stringify(one)),
      fc.string(),
    );
    const path = fc.constantFrom(
      'teach',
      'relabel',
      'forget',
      'withdraw',
      'rollback',
      'accept',
      'looks',
      'x',
      '__proto__',
    );
    await fc.assert(
      fc.asyncProperty(path, body, async (where, text) => {
        const response = await post(`/${where}`, text);
        expect([400, 404]).toContain(response.status);
        expect(((await response.json()) as { error: string }).error).not.toBe('');
      }),
      { numRuns: 300 },
    );
    const visible = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) });
    const asked = fc.oneof(
      visible.map((text) => `/${text}`),
      visible.map((text) => `/examples?${text}`),
      visible.map((text) => `/looks?${text}`),
      visible.map((text) => `/looks/${text}.jpg`),
      fc.tuple(visible, visible).map(([a, b]) => `/looks/door/${a}/${b}.jpg`),
      visible.map((text) => `/examples/${text}/thumbnail.jpg`),
    );
    await fc.assert(
      fc.asyncProperty(asked, async (where) => {
        const response = await fetch(`${url}api/learning${where}`);
        expect([200, 400, 403, 404]).toContain(response.status);
        await response.arrayBuffer();
      }),
      { numRuns: 300 },
    );
    expect(await get('')).toEqual(before);
  });

  it('answers who floods it that others teach just now', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 24 }, async () => (await post('/looks', { camera: 'door', box: [20, 20, 90, 90] })).status),
    );
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    expect(await done('/looks', { camera: 'door', box: [20, 20, 90, 90] })).toMatchObject({ looks: [{}] });
  });

  it('has the picture of a look that it told of, though there are better ones meanwhile', async () => {
    const near = async () => (await get<Looks>('/looks?camera=door&track=77')).looks.map(({ url }) => url);
    for (const seconds of [1000, 1001, 1002]) await look(seconds, [{ id: 77, box: [145, 145, 175, 175] }]);
    const told = await near();
    for (const seconds of [1003, 1004, 1005]) await look(seconds, [{ id: 77, box: [20, 20, 140, 140] }]);
    expect([told.length, (await near()).filter((one) => told.includes(one))]).toEqual([3, []]);
    for (const one of told) expect((await fetch(new URL(one, url))).status).toBe(200);
  });

  it('tells nothing to who has not logged in', async () => {
    const guarded = new Console({ node, port: 0, folder: page.folder, password: await hashPassword('correct horse') });
    const { url: address } = await guarded.start();
    const { looks } = await get<Looks>('/looks?camera=door&track=1');
    const { examples } = await get<{ examples: { id: string }[] }>('/examples');
    const paths = ['', '/near-misses', '/examples', '/looks?camera=door&track=1'];
    const pictures = [`/examples/${examples[0]!.id}/thumbnail.jpg`, looks[0]!.url.replace('/api/learning', '')];
    for (const path of [...paths, ...pictures]) {
      const response = await fetch(`${address}api/learning${path}`);
      expect([path, response.status, await response.json()]).toEqual([path, 401, { error: 'log in first' }]);
    }
    for (const path of ['/teach', '/forget', '/relabel', '/looks']) {
      const response = await fetch(`${address}api/learning${path}`, {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"node":"porch"}' },
      });
      expect([path, response.status]).toEqual([path, 401]);
    }
    await guarded.stop();
    expect((await labels()).length).toBeGreaterThan(0);
  });

  it('says where nothing can be taught', async () => {
    const other = new Console({ node: new FakeNode([new FakeCamera('door')]), port: 0, folder: page.folder });
    const { url: address } = await other.start();
    const response = await fetch(`${address}api/learning`);
    expect([response.status, await response.json()]).toEqual([
      404,
      { error: expect.stringContaining('nothing can be taught here') },
    ]);
    expect(await (await fetch(`${address}api/state`)).json()).toMatchObject({ learning: null });
    await other.stop();
  });
});
