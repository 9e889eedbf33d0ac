import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { bundleHash, readBundle, writeBundle } from '../../../sdk/learn/ledger/bundle.ts';
import { Identity } from '../../../sdk/learn/ledger/identity.ts';
import { readSafeTensors, type SafeTensors, writeSafeTensors } from '../../../sdk/learn/ledger/safetensors.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { draft, embeddings, makeLedger } from '../fakes.ts';

const check = { space: 'test', dimension: 8 };
const sample = embeddings(3, 8);

function taught() {
  const other = makeLedger('b', { now: () => 1 });
  other.teach(draft('cat', sample(0)));
  const ledger = makeLedger('a', { now: () => 2 });
  ledger.merge(other.parts());
  ledger.teach(draft('cat', sample(0), { negative: true }));
  ledger.teach(draft('tidy', sample(1), { head: 'cupboard', kind: 'view' }));
  ledger.forget({ node: 'b' }, 'a broken lens');
  return ledger;
}
const bundleOf = (ledger = taught(), parent?: string) => ({ ...check, node: 'a', parts: ledger.parts(), parent });

/** The file with other content, its other bytes as they should be. */
function changed(
  bytes: Buffer,
  change: (file: SafeTensors & { parts: Record<string, unknown>[] }) => Partial<SafeTensors> | undefined,
): Buffer {
  const file = readSafeTensors(bytes);
  const parts = JSON.parse(file.metadata.parts!);
  const more = change({ ...file, parts });
  return writeSafeTensors({ ...file, metadata: { ...file.metadata, parts: JSON.stringify(parts) }, ...more });
}

describe('bundles', () => {
  it('carry all of a ledger, in the same bytes each time', () => {
    const ledger = taught();
    const bytes = writeBundle(bundleOf(ledger, 'f00'));
    const read = readBundle(bytes, check);
    expect(read).toMatchObject({ space: 'test', node: 'a', parent: 'f00' });
    const copy = makeLedger('c');
    copy.merge(read.parts);
    expect(copy.parts()).toEqual(ledger.parts());
    expect(writeBundle(bundleOf(copy, 'f00')).equals(bytes)).toBe(true);
    expect(writeBundle({ ...bundleOf(ledger, 'f00'), parts: ledger.parts().reverse() }).equals(bytes)).toBe(true);
    expect(bundleHash(bytes)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('of a part with nothing in it say what was there', () => {
    const ledger = makeLedger('a');
    const { id } = ledger.teach(draft('cat', sample(0)));
    const copy = makeLedger('b');
    copy.merge(ledger.parts());
    ledger.forget({ example: id });
    copy.merge(readBundle(writeBundle(bundleOf(ledger)), check).parts);
    expect(copy.size).toBe(0);
  });

  it('are signed, and a signature has to be right', () => {
    const file = join(temporaryFolder(), 'keys', 'learn.pem');
    const identity = Identity.open(file);
    expect(Identity.open(file).publicKey).toBe(identity.publicKey);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const signed = writeBundle(bundleOf(), identity);
    expect(readBundle(signed, check).key).toBe(identity.publicKey);
    expect(readBundle(signed, { ...check, trusted: [identity.publicKey] }).parts).toHaveLength(4);
    expect(() => readBundle(signed, { ...check, trusted: ['other'] })).toThrow(
      /signature by a trusted key, got one by/,
    );
    expect(() => readBundle(writeBundle(bundleOf()), { ...check, trusted: ['other'] })).toThrow(
      /trusted key, got none/,
    );
    const forged = changed(signed, ({ parts }) => {
      (parts[0]!.items as { camera: string }[])[0]!.camera = 'elsewhere';
      return undefined;
    });
    expect(() => readBundle(forged, check)).toThrow(/signature of its content/);
    const swapped = changed(signed, ({ metadata }) => ({ metadata: { ...metadata, key: 'AAAA' } }));
    expect(() => readBundle(swapped, check)).toThrow(/signature of its content/);
    // Who signed nothing is nobody, whatever it says.
    const claimed = changed(writeBundle(bundleOf()), ({ metadata }) => ({
      metadata: { ...metadata, key: identity.publicKey },
    }));
    expect(readBundle(claimed, check).key).toBeUndefined();
    expect(() => readBundle(claimed, { ...check, trusted: [identity.publicKey] })).toThrow(/trusted key, got none/);
  });

  it('of an earlier version are read, with the signature that they have', () => {
    const identity = Identity.open(join(temporaryFolder(), 'learn.pem'));
    const ledger = taught();
    const old = changed(writeBundle(bundleOf(ledger)), ({ parts, metadata }) => {
      for (const part of parts) {
        part.items = items([part]).map(({ time_ms, ...item }) => ({ ...item, timeMs: time_ms }));
      }
      const key = identity.publicKey;
      return { metadata: { ...metadata, format: 'ocellus-learn-1', key, parts: JSON.stringify(parts) } };
    });
    const file = readSafeTensors(old);
    const signed = writeSafeTensors({ ...file, metadata: { ...file.metadata, signature: identity.sign(old) } });
    const read = readBundle(signed, { ...check, trusted: [identity.publicKey] });
    expect(read.parts).toEqual(readBundle(writeBundle(bundleOf(ledger)), check).parts);
    const times = read.parts.flatMap((part) => [...part.items.values()].map(({ timeMs }) => timeMs));
    expect(new Set(times)).toEqual(new Set([1, 2]));
  });

  it('an identity is an Ed25519 key or nothing', () => {
    const file = join(temporaryFolder(), 'learn.pem');
    writeFileSync(file, 'x');
    expect(() => Identity.open(file)).toThrow(/expected a private key in PEM.*remove it/);
  });

  const items = (parts: Record<string, unknown>[], i = 0) => parts[i]!.items as Record<string, unknown>[];
  it.each<[string, Parameters<typeof changed>[1], RegExp]>([
    ['another space', ({ metadata }) => ({ metadata: { ...metadata, space: 'other' } }), /space test, got "other"/],
    [
      'another format',
      ({ metadata }) => ({ metadata: { ...metadata, format: '9' } }),
      /format ocellus-learn-2 or ocellus-learn-1/,
    ],
    ['no writer', ({ metadata: { node, ...rest } }) => ({ metadata: rest }), /the node that wrote it/],
    ['no list of parts', ({ metadata }) => ({ metadata: { ...metadata, parts: '{}' } }), /a list of parts/],
    ['parts that are no JSON', ({ metadata }) => ({ metadata: { ...metadata, parts: '[' } }), /parts in JSON/],
    ['a part that is none', ({ metadata }) => ({ metadata: { ...metadata, parts: '[1]' } }), /node, seen and items/],
    ['a field that nobody knows', ({ parts }) => void (items(parts)[0]!.extra = 1), /node, seen and items/],
    ['another kind', ({ parts }) => void (items(parts)[0]!.kind = 'dream'), /kind: expected one of/],
    ['an id that is no id', ({ parts }) => void (items(parts)[0]!.id = 5), /id: expected 16 hexadecimal/],
    [
      'a replica that is a number',
      ({ parts }) => void ((parts[0]!.seen as unknown[][])[0]![0] = 1234567890123456),
      /seen: expected replicas/,
    ],
    [
      'a counter that is text',
      ({ parts }) => void ((parts[0]!.seen as unknown[][])[0]![1] = '1'),
      /seen: expected replicas/,
    ],
    [
      'more items than any node keeps',
      ({ parts }) => void (parts[0]!.items = new Array(5000).fill({})),
      /node, seen and items/,
    ],
    ['an id twice', ({ parts }) => void items(parts).push(items(parts)[0]!), /each id once/],
    ['a part twice', ({ parts }) => void parts.push({ ...parts.at(-1)!, items: [] }), /each part once/],
    [
      'fewer embeddings than examples',
      ({ parts }) => void items(parts).push({ ...items(parts)[0], id: `${'f'.repeat(16)}-1` }),
      /embeddings of all examples|among what its part/,
    ],
    ['more embeddings than examples', ({ parts }) => void (parts.length = 1), /one for each example/],
    [
      'other tensors',
      ({ tensors }) => ({ tensors: { ...tensors, more: { shape: [1], data: Int8Array.of(1) } } }),
      /only/,
    ],
    ['no tensors', () => ({ tensors: {} }), /scales, F64 of N/],
    [
      'a scale that is no number',
      ({ tensors }) => ({ tensors: { ...tensors, scales: { shape: [3], data: Float64Array.of(1, Number.NaN, 1) } } }),
      /finite scale above 0, got NaN/,
    ],
    [
      'an endless scale',
      ({ tensors }) => ({ tensors: { ...tensors, scales: { shape: [3], data: Float64Array.of(1, 1, 1 / 0) } } }),
      /finite scale above 0, got Infinity/,
    ],
    [
      'another dimension',
      ({ tensors }) => ({ tensors: { ...tensors, embeddings: { shape: [3, 4], data: new Int8Array(12) } } }),
      /I8 of 3 x 8/,
    ],
  ])('with %s are refused', (_, change, message) => {
    const bytes = changed(writeBundle(bundleOf()), change);
    expect(() => readBundle(bytes, check)).toThrow(InputError);
    expect(() => readBundle(bytes, check)).toThrow(message);
  });

  it('of another dimension are refused', () => {
    expect(() => readBundle(writeBundle(bundleOf()), { ...check, dimension: 9 })).toThrow(/I8 of 3 x 9/);
  });

  it('that are damaged are read or refused, and throw nothing else', () => {
    const whole = writeBundle(bundleOf());
    const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(changes, fc.option(fc.nat(whole.length)), (damage, cut) => {
        let bytes = Buffer.from(whole);
        for (const [at, value] of damage) bytes[at] = value;
        if (cut !== null) bytes = bytes.subarray(0, cut);
        try {
          makeLedger('c').merge(readBundle(bytes, check).parts);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
