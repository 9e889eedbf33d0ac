import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frame } from '../../sdk/frame/frame.ts';
import { TrackViews } from '../../sdk/learn/camera/track-views.ts';
import { ViewStates } from '../../sdk/learn/camera/view-states.ts';
import type { Cut } from '../../sdk/learn/ledger/example.ts';
import { asTaught } from '../../sdk/learn/ledger/example.ts';
import type { Ledger } from '../../sdk/learn/ledger/ledger.ts';
import { LedgerStore } from '../../sdk/learn/ledger/ledger-store.ts';
import { isExamplePart, type Part } from '../../sdk/learn/ledger/part.ts';
import { closing } from '../support/closing.ts';
import { temporaryFolder } from '../support/folders.ts';
import { track } from '../vision/fakes.ts';
import { anyEmbedding, bytesOf, draft, embeddings, makeLedger, quantised } from './fakes.ts';
import { FakeOracle } from './oracle.ts';

const one = quantised([1, 2, 0, 0, 1, 0, 0, 3]);
const labels = (ledger: Pick<Ledger, 'examples'>) => ledger.examples().map(({ label }) => label);

const hour = 3_600_000;
const now = Date.UTC(2026, 10, 29);
/** What a board without a battery may take the time for, or have been told. */
const steps = [0, hour, 24 * hour, 400 * 24 * hour, 40 * 365 * 24 * hour].flatMap((step) => [step, -step]);

describe.each(steps.map((step) => [step / hour, step]))('a clock that steps by %d hours', (_, step) => {
  it('hides by a cut of a label what was seen, and nothing else', () => {
    const a = makeLedger('a', { now: () => now + step });
    const b = makeLedger('b', { now: () => now });
    b.teach(draft('cat', one));
    b.teach(draft('dog', one));
    a.merge(b.parts());
    expect(a.forget({ head: 'object', label: 'cat' })).toBe(1);
    expect(labels(a)).toEqual(['dog']);
    // Lessons of both nodes after it, also where only their copy comes late.
    const mine = a.teach(draft('cat', one, { camera: 'mine' }));
    const theirs = b.teach(draft('cat', one, { camera: 'theirs' }));
    a.merge(b.parts());
    b.merge(a.parts());
    for (const ledger of [a, b]) {
      const cats = ledger.examples().filter(({ label }) => label === 'cat');
      expect(cats.map(({ id }) => id).sort()).toEqual([mine.id, theirs.id].sort());
    }
    // And once more: it hides those, too.
    expect(a.forget({ head: 'object', label: 'cat' })).toBe(2);
    expect(labels(a)).toEqual(['dog']);
    for (const { id } of a.cuts()) a.withdraw(id);
    expect(labels(a).sort()).toEqual(['cat', 'cat', 'dog']);
  });

  it('lets what is taught or relabelled anew count', () => {
    let time = now;
    const ledger = makeLedger('a', { now: () => time, limits: { perLabel: 2 } });
    const sample = embeddings(3, 8);
    ledger.teach(draft('cat', one, { camera: 'first' }));
    const wrong = ledger.teach(draft('cat', sample(1), { camera: 'second' }));
    time += step;
    // Of two alike the one goes that was taught first, not the one with the smaller time.
    ledger.teach(draft('cat', one, { camera: 'third' }));
    expect(asTaught(ledger.examples()).map(({ camera }) => camera)).toEqual(['second', 'third']);
    const right = ledger.relabel(wrong.id, { label: 'dog' });
    ledger.forget({ head: 'object', label: 'dog' });
    const again = ledger.teach(draft('dog', sample(1)));
    expect(ledger.example(right.id)).toBeUndefined();
    expect(ledger.examples().find(({ label }) => label === 'dog')).toEqual(again);
  });

  it('gives a node that knows that it was cut out no say', () => {
    const clocks = { a: now, b: now + step };
    const [a, b, c] = [
      makeLedger('a', { now: () => clocks.a }),
      makeLedger('b', { now: () => clocks.b }),
      makeLedger('c'),
    ];
    for (const ledger of [a, b, c]) ledger.teach(draft(ledger.node, one));
    for (const from of [a, b, c]) for (const to of [a, b, c]) to.merge(from.parts());
    a.forget({ node: 'b' });
    b.merge(a.parts());
    b.forget({ node: 'a' });
    b.forget({ node: 'c' });
    for (const from of [a, b, c]) for (const to of [a, b, c]) to.merge(from.parts());
    for (const ledger of [a, b, c]) expect(ledger.cutNodes()).toEqual(['b']);
    // It is taken back, and then b's count.
    a.withdraw(a.cuts().find(({ node }) => node === 'a')!.id);
    for (const to of [b, c]) to.merge(a.parts());
    for (const ledger of [a, b, c]) expect(ledger.cutNodes()).toEqual(['a', 'c']);
  });

  it('steps between two runs of one store, and all of that holds', async () => {
    const folder = temporaryFolder();
    let time = now;
    const open = () => LedgerStore.open(folder, { space: 'test', dimension: 8, node: 'a', now: () => time });
    const other = makeLedger('b', { now: () => now });
    other.teach(draft('cat', one));
    let store = await open();
    await store.merge(other.parts());
    await store.forget({ head: 'object', label: 'cat' });
    await store.teach(draft('cat', one, { camera: 'before' }));
    await store.close();
    time += step;
    store = closing(await open(), (one) => one.close());
    await store.teach(draft('cat', one, { camera: 'after' }));
    other.teach(draft('cat', one, { camera: 'other' }));
    await store.merge(other.parts());
    expect(asTaught(store.ledger.examples().filter(({ node }) => node === 'a')).map(({ camera }) => camera)).toEqual([
      'before',
      'after',
    ]);
    expect(store.ledger.examples()).toHaveLength(3);
    expect(store.ledger.examples().at(-1)!.label).toBe('cat');
  });
});

/** A frame whose time of day and whose capture are so many seconds on. */
function frameAt(seconds: number, wallMs: number): Frame {
  const data = new Uint8Array(320 * 180).map((_, i) => (i % 4 < 2 ? 60 : 120));
  const times = { sequence: seconds, captureTimeNs: seconds * 1e9, wallTimeMs: wallMs };
  return new Frame({ ...times, format: 'GRAY8', width: 320, height: 180, planes: [{ data, stride: 320 }] });
}

describe.each(steps.map((step) => [step / hour, step]))('while a clock steps by %d hours', (_, step) => {
  const wall = (seconds: number) => now + seconds * 1000 + (seconds >= 3 ? step : 0);

  it('a state needs as long as ever to be another one', async () => {
    const oracle = new FakeOracle();
    oracle.teach(['untidy', 'tidy'], { head: 'cupboard' });
    const states = new ViewStates(oracle);
    const decided: number[] = [];
    for (let seconds = 0; seconds < 12; seconds++) {
      await states.look(frameAt(seconds, wall(seconds)), new Map([['cupboard', undefined]]), {
        moving: true,
        intervalMs: 1000,
      });
      if (states.states[0]!.decided) decided.push(seconds);
    }
    expect(decided[0]).toBe(5);
  });

  it('looks at a track are as far apart as ever', () => {
    const views = new TrackViews();
    const taken: number[] = [];
    for (let i = 0; i < 30; i++) {
      const frame = frameAt(2 + i / 10, wall(2 + i / 10));
      const wanted = views.wants(track(), frame);
      if (!wanted) continue;
      taken.push(i);
      const { wallTimeMs: timeMs, captureTimeNs } = frame;
      // Each a better one than the last, so that only time decides.
      views.add(1, { timeMs, captureTimeNs, quality: wanted.quality / 100 + i * 1e-6, jpeg: Buffer.alloc(1) });
    }
    expect(taken.length).toBeGreaterThan(3);
    expect(taken.every((one, i) => i === 0 || one - taken[i - 1]! >= 4)).toBe(true);
  });
});

describe('cuts of earlier versions', () => {
  /** As it was made then: without what it saw. */
  const plain = (part: Part): Part => {
    if (isExamplePart(part)) return part;
    const items = [...part.items].map(([id, { seen: _, order: __, ...cut }]): [string, Cut] => [id, cut]);
    return { ...part, items: new Map(items) };
  };

  function fleet() {
    const b = makeLedger('b', { now: () => 50 });
    b.teach(draft('cat', one));
    const a = makeLedger('a', { now: () => 100 });
    a.merge(b.parts());
    a.forget({ head: 'object', label: 'cat' });
    return { a, b, parts: a.parts().map(plain) };
  }

  it('of other nodes hold as they did: for what has an earlier time', () => {
    const { b, parts } = fleet();
    const c = makeLedger('c');
    c.merge(parts);
    expect(labels(c)).toEqual([]);
    b.teach(draft('cat', one, { timeMs: 101 }));
    c.merge(b.parts());
    expect(labels(c)).toEqual(['cat']);
  });

  it('of this node name from then on what they hide', async () => {
    const { a, b, parts } = fleet();
    const store = closing(
      await LedgerStore.open(temporaryFolder(), { space: 'test', dimension: 8, node: 'a' }),
      (one) => one.close(),
    );
    await store.merge(parts);
    const [cut] = store.ledger.cuts();
    expect(cut).toMatchObject({ target: { head: 'object', label: 'cat' }, timeMs: 100, seen: [[b.replica, 1]] });
    expect(store.ledger.cuts()).toHaveLength(1);
    expect(cut!.id).not.toBe(a.cuts()[0]!.id);
    b.teach(draft('cat', one, { timeMs: 1 }));
    await store.merge(b.parts());
    expect(store.ledger.examples()).toHaveLength(1);
  });
});

it('a cut is bounded: what more stores taught than it can name is more than one cut', () => {
  const a = makeLedger('a');
  const replicas = Array.from({ length: 300 }, (_, i) => i.toString(16).padStart(16, '0'));
  for (const [i, replica] of replicas.entries()) {
    const other = makeLedger(`n${i}`, { replica });
    other.teach(draft('cat', one));
    a.merge(other.parts());
  }
  expect(a.forget({ head: 'object', label: 'cat' })).toBe(300);
  expect(a.cuts().map(({ seen }) => seen!.length)).toEqual([256, 44]);
  const b = makeLedger('b');
  b.merge(a.parts());
  expect(bytesOf(b).equals(bytesOf(a))).toBe(true);
  expect(labels(b)).toEqual([]);
});

it.each([
  ['no replica', [['x', 1]]],
  ['none', []],
  [
    'one twice',
    [
      ['0'.repeat(16), 1],
      ['0'.repeat(16), 2],
    ],
  ],
  [
    'not in order',
    [
      ['1'.repeat(16), 1],
      ['0'.repeat(16), 1],
    ],
  ],
  ['text for a number', [['0'.repeat(16), '1']]],
  ['a counter that is none', [['0'.repeat(16), 0]]],
  ['too many', Array.from({ length: 257 }, (_, i) => [i.toString(16).padStart(16, '0'), 1])],
])('a cut that saw %s is refused', (_, seen) => {
  const a = makeLedger('a');
  const b = makeLedger('b');
  b.teach(draft('cat', one));
  a.merge(b.parts());
  a.forget({ head: 'object', label: 'cat' });
  const parts = a
    .parts()
    .map((part) =>
      isExamplePart(part)
        ? part
        : { ...part, items: new Map([...part.items].map(([id, cut]) => [id, { ...cut, seen } as unknown as Cut])) },
    );
  expect(() => makeLedger('c').merge(parts as Part[])).toThrow(/seen: expected/);
});

it('nodes whose clocks step as they like: cuts hide what their maker saw, lessons after them count, and all end alike', () => {
  const at = fc.nat(2);
  const step = fc.constantFrom(...steps);
  const action = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant('teach' as const), at, label: fc.nat(1), what: anyEmbedding() }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('cut' as const), at, label: fc.nat(1) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('send' as const), at, to: at }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('step' as const), at, step }) },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (history) => {
      const clocks = [now, now, now];
      const fleet = clocks.map((_, i) => makeLedger(`n${i}`, { now: () => Math.max(0, clocks[i]!) }));
      const taught = new Set<string>();
      const hidden = new Set<string>();
      for (const one of history) {
        const ledger = fleet[one.at]!;
        if (one.do === 'teach') taught.add(ledger.teach(draft(`l${one.label}`, one.what)).id);
        else if (one.do === 'step') clocks[one.at]! += one.step;
        else if (one.do === 'send') fleet[one.to]!.merge(ledger.parts());
        else {
          const seen = ledger.examples().filter(({ label }) => label === `l${one.label}`);
          if (seen.length > 0) ledger.forget({ head: 'object', label: `l${one.label}` });
          for (const { id } of seen) hidden.add(id);
        }
      }
      for (let round = 0; round < 2; round++) for (const from of fleet) for (const to of fleet) to.merge(from.parts());
      const wanted = [...taught].filter((id) => !hidden.has(id)).sort();
      for (const ledger of fleet) {
        expect(
          ledger
            .examples()
            .map(({ id }) => id)
            .sort(),
        ).toEqual(wanted);
        expect(bytesOf(ledger).equals(bytesOf(fleet[0]!))).toBe(true);
        expect(ledger.hash()).toBe(fleet[0]!.hash());
      }
    }),
    { numRuns: 300 },
  );
});
