import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import type { Ledger } from '../../../sdk/learn/ledger/ledger.ts';
import type { ExamplePart, Part } from '../../../sdk/learn/ledger/part.ts';
import { anyEmbedding, bytesOf, draft, embeddings, makeLedger, quantised } from '../fakes.ts';

const one = quantised([1, 2, 0, 0, 1, 0, 0, 3]);
const labels = (ledger: Ledger) => ledger.examples().map(({ label }) => label);

it('gives an example the name that it has, though its label is full', () => {
  const ledger = makeLedger('a', { limits: { perLabel: 2 } });
  const sample = embeddings(3, 8);
  const [first] = [0, 1].map((i) => ledger.teach(draft('cat', sample(i))));
  const again = ledger.relabel(first!.id, { label: 'cat' });
  expect(again).toMatchObject({ label: 'cat', from: first!.id });
  expect(ledger.example(first!.id)).toBeUndefined();
  expect(ledger.size).toBe(2);
});

describe('Ledger', () => {
  it('keeps what is taught, as it was taught', () => {
    const ledger = makeLedger('a', { now: () => 7 });
    const cat = ledger.teach(draft('cat', one));
    const not = ledger.teach(draft('cat', one, { negative: true, timeMs: 3 }));
    const tidy = ledger.teach(draft('tidy', one, { head: 'cupboard', kind: 'view', timeMs: 9 }));
    expect(ledger.examples()).toEqual([not, cat, tidy]);
    expect(cat).toMatchObject({ node: 'a', head: 'object', negative: false, timeMs: 7, kind: 'track', camera: 'door' });
    expect(ledger.examples('cupboard')).toEqual([tidy]);
    expect(ledger.heads()).toEqual(['cupboard', 'object']);
    expect(ledger.example(cat.id)).toEqual(cat);
    expect(new Set([cat.id, not.id, tidy.id]).size).toBe(3);
  });

  it('does not see what the caller does with the array later', () => {
    const ledger = makeLedger('a');
    const values = Int8Array.from(one.values);
    const { id } = ledger.teach(draft('cat', { values, scale: 1 }));
    values.fill(5);
    expect(ledger.example(id)?.embedding.values).toEqual(one.values);
  });

  it.each([
    ['a label without anything', { label: '' }, /label: expected 1 to 64/],
    ['a label with a line break', { label: 'a\nb' }, /label: expected/],
    ['spaces around a label', { label: ' cat' }, /label: expected/],
    ['unknown as a label', { label: 'unknown' }, /teach it as a negative/],
    ['another dimension', { embedding: quantised([1, 2]) }, /Int8Array of 8 values, got 2 values/],
    ['an endless scale', { embedding: { ...one, scale: Number.POSITIVE_INFINITY } }, /finite scale above 0/],
    ['no scale', { embedding: { ...one, scale: Number.NaN } }, /finite scale above 0, got NaN/],
    ['nothing to see', { embedding: { values: new Int8Array(8), scale: 1 } }, /some value other than 0/],
    ['a time that is none', { timeMs: 0.5 }, /timeMs: expected whole/],
    ['an unknown kind', { kind: 'dream' as 'view' }, /kind: expected one of track, box, view/],
  ])('refuses %s', (_, wrong, message) => {
    const ledger = makeLedger('a');
    expect(() => ledger.teach(draft('cat', one, wrong))).toThrow(message);
    expect(ledger.size).toBe(0);
    expect(ledger.parts()).toEqual([]);
  });

  it('forgets an example, a label, a node, and says how many', () => {
    const ledger = makeLedger('a');
    const { id } = ledger.teach(draft('cat', one));
    for (const label of ['cat', 'dog', 'dog']) ledger.teach(draft(label, one));
    expect(ledger.forget({ example: id })).toBe(1);
    expect(labels(ledger)).toEqual(['cat', 'dog', 'dog']);
    expect(ledger.forget({ head: 'object', label: 'dog' })).toBe(2);
    expect(ledger.forget({ node: 'a' })).toBe(1);
    expect(ledger.size).toBe(0);
    for (const target of [{ example: id }, { head: 'object', label: 'bird' }, { node: 'a' }]) {
      expect(() => ledger.forget(target)).toThrow(InputError);
    }
    expect(() => ledger.forget({} as { node: string })).toThrow(/expected an example, a head with a label, or a node/);
  });

  it('cuts a node out once, however often it is told to', () => {
    const a = makeLedger('a');
    const b = makeLedger('b');
    b.teach(draft('cat', one));
    a.merge(b.parts());
    expect(a.forget({ node: 'b' })).toBe(1);
    expect(a.forget({ node: 'b' })).toBe(0);
    expect(a.cuts().length).toBe(1);
    a.withdraw(a.cuts()[0]!.id);
    expect(a.forget({ node: 'b' })).toBe(1);
  });

  it('gives one part by its name', () => {
    const ledger = makeLedger('a');
    ledger.teach(draft('cat', one));
    ledger.forget({ node: 'b' });
    const [cuts, cats] = [ledger.part({ node: 'a' }), ledger.part({ node: 'a', head: 'object', label: 'cat' })];
    expect(ledger.parts()).toEqual([cats, cuts]);
    expect(ledger.part({ node: 'a', head: 'object', label: 'dog' })).toBeUndefined();
    expect(ledger.part({ node: 'b' })).toBeUndefined();
  });

  it('relabels: the old example is gone, the new one says where it came from', () => {
    const a = makeLedger('a');
    const b = makeLedger('b');
    const mine = a.teach(draft('cat', one, { negative: true }));
    const theirs = b.teach(draft('cat', one));
    a.merge(b.parts());
    const dog = a.relabel(mine.id, { label: 'dog' });
    expect(dog).toMatchObject({ label: 'dog', negative: false, from: mine.id, embedding: one });
    expect(a.relabel(theirs.id, { label: 'fox' })).toMatchObject({ node: 'a', from: theirs.id });
    expect(labels(a).sort()).toEqual(['dog', 'fox']);
    b.merge(a.parts());
    expect(labels(b).sort()).toEqual(['dog', 'fox']);
    expect(() => a.relabel('?', { label: 'x' })).toThrow(/expected the id of an example/);
  });

  it('cuts out what others taught, and takes a cut back', () => {
    const a = makeLedger('a', { now: () => 100 });
    const b = makeLedger('b', { now: () => 50 });
    const { id } = b.teach(draft('cat', one));
    b.teach(draft('dog', one));
    a.merge(b.parts());
    expect(a.forget({ example: id }, 'a fox')).toBe(1);
    expect(a.cuts()).toMatchObject([{ node: 'a', target: { example: id }, reason: 'a fox', timeMs: 100 }]);
    // The owner's next change does not bring it back.
    b.teach(draft('cat', one, { timeMs: 51 }));
    a.merge(b.parts());
    expect(labels(a).sort()).toEqual(['cat', 'dog']);
    a.forget({ head: 'object', label: 'dog' });
    a.withdraw(a.cuts()[0]!.id);
    expect(labels(a).sort()).toEqual(['cat', 'cat']);
    // Taught again after the label was cut: it counts.
    b.teach(draft('dog', one, { timeMs: 101 }));
    a.merge(b.parts());
    expect(labels(a).sort()).toEqual(['cat', 'cat', 'dog']);
    expect(a.forget({ node: 'b' })).toBe(3);
    expect(a.cutNodes()).toEqual(['b']);
    b.teach(draft('bird', one));
    a.merge(b.parts());
    expect(labels(a)).toEqual([]);
    b.merge(a.parts());
    expect(labels(b)).toEqual([]);
    expect(() => b.withdraw(a.cuts()[0]!.id)).toThrow(/one of this node's/);
  });

  it('a node that was cut out cannot cut out others', () => {
    const nodes = ['a', 'b', 'c'].map((name, i) => makeLedger(name, { now: () => 10 * i + 10 }));
    const [a, b, c] = nodes as [Ledger, Ledger, Ledger];
    for (const ledger of nodes) ledger.teach(draft(ledger.node, one));
    a.forget({ node: 'b' });
    b.forget({ node: 'a' });
    b.forget({ node: 'c' });
    for (const from of nodes) for (const to of nodes) to.merge(from.parts());
    expect(nodes.map(labels)).toEqual([
      ['a', 'c'],
      ['a', 'c'],
      ['a', 'c'],
    ]);
    expect(c.cutNodes()).toEqual(['b']);
  });

  it('keeps diverse examples: of the two most alike the older one goes', () => {
    const ledger = makeLedger('a', { dimension: 64, limits: { perLabel: 6 } });
    const sample = embeddings(3);
    let timeMs = 0;
    // Three kinds of cat; the first kind is taught over and over.
    for (const kind of [1, 1, 2, 2, ...Array(40).fill(0)]) {
      ledger.teach(draft('cat', sample(kind, 0.3), { timeMs: ++timeMs, camera: `kind${kind}` }));
    }
    ledger.teach(draft('cat', sample(0), { negative: true, camera: 'no', timeMs: ++timeMs }));
    const kept = ledger.examples().map(({ camera }) => camera);
    expect(kept).toHaveLength(7);
    for (const camera of ['kind0', 'kind1', 'kind2', 'no']) expect(kept).toContain(camera);
    const same = sample(0);
    ledger.teach(draft('cat', same, { timeMs: 1000, camera: 'older' }));
    ledger.teach(draft('cat', same, { timeMs: 1001, camera: 'newer' }));
    const cameras = ledger.examples().map(({ camera }) => camera);
    expect(cameras).toContain('newer');
    expect(cameras).not.toContain('older');
  });

  it('is bounded, and says what to do when it is full', () => {
    const ledger = makeLedger('a', { limits: { total: 3, parts: 3, cuts: 1, perLabel: 2 } });
    for (const label of ['a', 'b', 'c']) ledger.teach(draft(label, one));
    expect(() => ledger.teach(draft('a', one))).toThrow(/at most 3 examples: forget some/);
    ledger.forget({ head: 'object', label: 'c' });
    expect(() => ledger.teach(draft('d', one))).toThrow(/at most 3 labels/);
    const other = makeLedger('b');
    const [x, y] = [other.teach(draft('a', one)), other.teach(draft('a', one))];
    expect(() => ledger.merge(other.parts())).toThrow(/at most 3 labels/);
    ledger.forget({ node: 'b' });
    expect(() => ledger.forget({ node: 'c' })).toThrow(/at most 1 cuts/);
    expect(x.id).not.toBe(y.id);
  });

  it('bounds what other nodes cut, and cuts them out all the same', () => {
    const ledger = makeLedger('a', { limits: { total: 3, parts: 2, cuts: 2 } });
    const [b, c, d] = [makeLedger('b'), makeLedger('c'), makeLedger('d')];
    for (const [other, node] of [
      [b, 'x'],
      [b, 'y'],
      [c, 'x'],
      [d, 'x'],
    ] as const)
      other.forget({ node });
    ledger.merge([...b.parts(), ...c.parts()]);
    expect(() => ledger.merge(d.parts())).toThrow(/at most 2 nodes that cut/);
    c.forget({ node: 'y' });
    expect(() => ledger.merge(c.parts())).toThrow(/at most 3 cuts of other nodes/);
    expect(ledger.cuts()).toHaveLength(3);
    // Somebody who fills it cannot keep this node from cutting.
    for (const node of ['b', 'c']) ledger.forget({ node });
    expect(ledger.cutNodes()).toEqual(expect.arrayContaining(['b', 'c']));
    for (const { id } of b.cuts()) b.withdraw(id);
    expect(ledger.merge([...b.parts(), ...c.parts()])).toHaveLength(2);
  });

  it('takes in nothing of what it refuses', () => {
    const ledger = makeLedger('a');
    const other = makeLedger('b');
    other.teach(draft('cat', one));
    const [part] = other.parts() as [Part & { label: string }];
    const bad = { ...part, node: 'c' };
    expect(() => ledger.merge([part, bad])).toThrow(/expected it to be of the part it came in/);
    expect(() => ledger.merge([{ ...part, seen: new Map() }])).toThrow(/among what its part has seen/);
    expect(() => ledger.merge([{ ...part, seen: new Map([['x', 1]]) }])).toThrow(/seen: expected replicas/);
    expect(ledger.parts()).toEqual([]);
  });

  it('knows a replica by its text alone, and no more of them than others take', () => {
    const ledger = makeLedger('a');
    const part = (seen: Iterable<readonly [unknown, unknown]>) =>
      ({ node: 'b', head: 'object', label: 'cat', seen: new Map(seen), items: new Map() }) as unknown as Part;
    const replicas = (count: number, digit: string) =>
      Array.from({ length: count }, (_, i) => [digit + String(i).padStart(15, '0'), 1] as const);
    for (const replica of [1234567890123456, ['1234567890123456'], null, {}, 'x']) {
      expect(() => ledger.merge([part([[replica, 1]])])).toThrow(/seen: expected replicas/);
    }
    for (const counter of ['1', 0, -1, 1.5, 1e15, Number.NaN, null, Number.POSITIVE_INFINITY]) {
      expect(() => ledger.merge([part([['1234567890123456', counter]])])).toThrow(/seen: expected replicas/);
    }
    ledger.merge([part(replicas(200, 'a'))]);
    expect(() => ledger.merge([part(replicas(200, 'b'))])).toThrow(/at most 256 replicas of a part/);
    const other = makeLedger('c');
    other.merge(ledger.parts());
    expect(bytesOf(other).equals(bytesOf(ledger))).toBe(true);
    // Both in one message, too.
    expect(() => makeLedger('d').merge([part(replicas(200, 'a')), part(replicas(200, 'b'))])).toThrow(/at most 256/);
  });

  it('takes a label that is composed and one that is decomposed for the same, and sends what was written', () => {
    const [cafe, decomposed] = ['Caf\u00e9', 'Cafe\u0301'];
    const one = quantised([1, 2, 0, 0, 1, 0, 0, 3]);
    const own = makeLedger('a');
    own.teach(draft(cafe, one));
    own.teach(draft(decomposed, one));
    expect(own.parts()).toHaveLength(1);
    expect(own.parts()[0]).toMatchObject({ label: cafe });

    // As an earlier version kept and sent it.
    const old = makeLedger('b');
    old.teach(draft('old', one));
    const [part] = old.parts() as [ExamplePart];
    const items = new Map([...part.items].map(([id, item]) => [id, { ...item, label: decomposed }]));
    const before: ExamplePart = { ...part, label: decomposed, items };
    const [x, y] = [makeLedger('x'), makeLedger('y')];
    x.merge(own.parts());
    x.merge([before]);
    y.merge([before, ...own.parts()]);
    expect(bytesOf(x).equals(bytesOf(y))).toBe(true);
    expect(x.hash()).toBe(y.hash());
    expect(x.part({ node: 'b', head: 'object', label: decomposed })).toEqual(before);
    expect(new Set(labels(x))).toEqual(new Set([cafe]));
    expect(x.example(before.items.keys().next().value!)?.label).toBe(cafe);
    // Cut out in either form, and by an earlier version in the other one.
    expect(x.forget({ head: 'object', label: decomposed })).toBe(3);
    y.merge(x.parts());
    expect(y.examples()).toEqual([]);
    y.merge([{ ...before, node: 'b' }]);
    expect(y.examples()).toEqual([]);
    // A node's own from before, too.
    const flashed = makeLedger('b');
    flashed.merge([before]);
    expect(flashed.forget({ head: 'object', label: cafe })).toBe(1);
    expect(flashed.size).toBe(0);
    expect(() => own.teach(draft(5 as never, one))).toThrow(/label: expected/);
  });

  it.each([true, false])('hides what a cut names decomposed, by what was seen (%s) or by time', (bySeen) => {
    const ledger = makeLedger('a');
    const { id } = ledger.teach(draft('Caf\u00e9', one, { timeMs: 5 }));
    const other = makeLedger('b');
    const target = { head: 'object', label: 'Cafe\u0301' };
    other.recut({ target, reason: '', timeMs: 5, ...(bySeen && { seen: [[id.slice(0, 16), 1]] }) });
    other.merge(ledger.parts());
    expect(other.examples()).toEqual([]);
  });

  it('knows what came back for what another one stands for, though its label was decomposed', () => {
    const lost = makeLedger('a');
    const { id } = lost.teach(draft('old', one));
    const [part] = lost.parts() as [ExamplePart];
    const label = 'Cafe\u0301';
    const items = new Map([...part.items].map(([key, item]) => [key, { ...item, label }]));
    const again = makeLedger('a');
    again.teach(draft('Caf\u00e9', one, { from: id }));
    again.merge([{ ...part, label, items }]);
    expect(again.examples().map((example) => example.id)).toEqual([id]);
  });

  it('cannot be made to run out of ids, nor told of a time that no clock has', () => {
    const ledger = makeLedger('a');
    const seen = new Map([[ledger.replica, 999_999_999_999_999]]);
    const part = { node: 'a', head: 'object', label: 'cat', seen, items: new Map() };
    expect(() => ledger.merge([part])).toThrow(/seen: expected at most 1000000000 of this store/);
    expect(ledger.teach(draft('cat', one)).id).toBe(`${ledger.replica}-1`);
    expect(() => ledger.teach(draft('cat', one, { timeMs: 9e15 }))).toThrow(/timeMs/);
  });

  it('looks at the size of what it is told before it compares any of it', () => {
    const limits = { perLabel: 3 };
    const before = makeLedger('a', { limits: { perLabel: 20 } });
    for (let i = 0; i < 13; i++) before.teach(draft('cat', quantised([i, 1, 2, 3, 4, 5, 6, 7])));
    const compared = vi.spyOn(kernels.dot, 'matVecI8');
    const ledger = makeLedger('a', { limits });
    expect(() => ledger.merge(before.parts())).toThrow(/at most 12 examples of a label of a node/);
    expect(compared).not.toHaveBeenCalled();
    before.forget({ example: before.examples()[0]!.id });
    ledger.merge(before.parts());
    expect(ledger.size).toBe(3);
    // Once with those before it, however many go.
    expect(compared).toHaveBeenCalledTimes(11);
    compared.mockRestore();
  });

  it('a store that was lost gets its examples back and loses none it was taught since', () => {
    const before = makeLedger('a');
    const other = makeLedger('b');
    for (const label of ['cat', 'cat', 'dog']) before.teach(draft(label, one));
    const forgotten = before.teach(draft('cat', one));
    other.merge(before.parts());
    before.forget({ example: forgotten.id });
    const after = makeLedger('a');
    after.teach(draft('cat', one));
    after.merge(before.parts());
    other.merge(after.parts());
    after.merge(other.parts());
    expect(labels(after).sort()).toEqual(['cat', 'cat', 'cat', 'dog']);
    expect(bytesOf(after).equals(bytesOf(other))).toBe(true);
  });

  it('refuses options that make no sense', () => {
    expect(() => makeLedger('')).toThrow(/node: expected/);
    expect(() => makeLedger('a', { space: '' })).toThrow(/space/);
    expect(() => makeLedger('a', { dimension: 0 })).toThrow(/dimension: expected 1 to 16384/);
    expect(() => makeLedger('a', { replica: '1' })).toThrow(/replica: expected 16/);
  });
});

/** What happens to a fleet. */
type Step =
  | { do: 'teach'; at: number; label: number; negative: boolean; embedding: { values: Int8Array; scale: number } }
  | { do: 'forget' | 'relabel' | 'withdraw'; at: number; pick: number }
  | { do: 'cut' | 'label'; at: number; pick: number }
  | { do: 'send'; at: number; to: number; part: number }
  | { do: 'restart' | 'flash'; at: number };

const nodes = 3;
const at = fc.nat(nodes - 1);
const pick = fc.nat(100);
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('teach' as const),
        at,
        label: fc.nat(2),
        negative: fc.boolean(),
        embedding: anyEmbedding(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom('forget' as const, 'relabel' as const, 'withdraw' as const),
        at,
        pick,
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('cut' as const, 'label' as const), at, pick }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant('send' as const), at, to: at, part: pick }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('restart' as const, 'flash' as const), at }) },
  ),
  { maxLength: 60 },
);

it('three nodes, partitions, restarts, lost stores, messages late, twice and in any order: the same bytes in the end', () => {
  fc.assert(
    fc.property(steps, fc.array(fc.tuple(at, at), { maxLength: 10 }), (history: Step[], lastOrder) => {
      let clock = 0;
      let replicas = 0;
      const make = (name: number, parts: readonly Part[] = [], replica?: string) =>
        makeLedger(`n${name}`, {
          replica: replica ?? (++replicas).toString(16).padStart(16, '0'),
          // Clocks that disagree.
          now: () => 1000 + 5 * name + ++clock,
          limits: { perLabel: 4 },
          parts,
        });
      const fleet = Array.from({ length: nodes }, (_, i) => make(i));
      // What was once sent may come again at any time.
      const sent: Part[] = [];
      const quietly = (action: () => void) => {
        try {
          action();
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
        }
      };
      for (const step of history) {
        const ledger = fleet[step.at]!;
        const all = ledger.examples();
        switch (step.do) {
          case 'teach':
            ledger.teach(draft(`l${step.label}`, step.embedding, { negative: step.negative }));
            break;
          case 'forget':
            if (all.length > 0) ledger.forget({ example: all[step.pick % all.length]!.id });
            break;
          case 'relabel':
            if (all.length > 0) ledger.relabel(all[step.pick % all.length]!.id, { label: `l${step.pick % 3}` });
            break;
          case 'withdraw':
            quietly(() => ledger.withdraw(ledger.cuts()[step.pick % (ledger.cuts().length || 1)]?.id ?? ''));
            break;
          case 'cut':
            quietly(() => ledger.forget({ node: `n${step.pick % nodes}` }));
            break;
          case 'label':
            quietly(() => ledger.forget({ head: 'object', label: `l${step.pick % 3}` }));
            break;
          case 'send': {
            const parts = ledger.parts();
            sent.push(...parts);
            if (sent.length > 0) fleet[step.to]!.merge([sent[step.part % sent.length]!]);
            break;
          }
          case 'restart':
            fleet[step.at] = make(step.at, ledger.parts(), ledger.replica);
            break;
          case 'flash':
            // It is gone, with what it had not sent.
            fleet[step.at] = make(step.at);
        }
      }
      // The network heals: all that is anywhere gets everywhere, in some order.
      const everything = [...fleet.flatMap((ledger) => ledger.parts()), ...sent];
      for (const [i, ledger] of fleet.entries()) {
        const order = i % 2 ? [...everything].reverse() : everything;
        for (const [from] of lastOrder) ledger.merge(fleet[from]!.parts());
        for (const part of order) ledger.merge([part]);
      }
      // A node that got back more than it keeps has said so by now.
      for (const from of fleet) for (const to of fleet) to.merge(from.parts());
      const [first, ...others] = fleet.map((ledger) => ({ bytes: bytesOf(ledger), hash: ledger.hash() }));
      for (const other of others) {
        expect(other.bytes.equals(first!.bytes)).toBe(true);
        expect(other.hash).toBe(first!.hash);
      }
      for (const ledger of fleet) expect(ledger.size).toBeLessThanOrEqual(nodes * 3 * 2 * 4);
    }),
    { numRuns: 300 },
  );
});
