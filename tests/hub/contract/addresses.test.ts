import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addresses, filterOf, namesIn, pathOf } from '../../../sdk/hub/contract/addresses.ts';
import { contract } from '../../../sdk/hub/contract.ts';

const level = fc.string({ unit: fc.constantFrom('a', '<', '>', '$', '&', ' ', 'é'), minLength: 1, maxLength: 6 });

describe('addresses', () => {
  it('are those of the contract, each of them', () => {
    const { sharedSpace, ...topics } = addresses;
    const told = new Set(contract.map(({ address, family }) => family ?? address));
    expect([...told].sort()).toEqual(Object.values(topics).sort());
    expect(topics.sharedCuts.startsWith(`${sharedSpace}/`)).toBe(true);
  });

  it('give the names back that were put in', () => {
    fc.assert(
      fc.property(level, level, level, (camera, zone, label) => {
        const path = pathOf(addresses.zoneCount, { camera, zone, label });
        expect(path).toBe(`${camera}/zone/${zone}/${label}/count`);
        expect(namesIn(addresses.zoneCount, path)).toEqual({ camera, zone, label });
        expect(namesIn(addresses.count, path)).toBeUndefined();
        expect(filterOf(addresses.zoneCount, { label })).toBe(`+/zone/+/${label}/count`);
      }),
    );
  });

  it.each(['door/cat', 'door/cat/counts', 'door/cat/count/', '/door/cat/count', ''])('%j is no count', (path) => {
    expect(namesIn(addresses.count, path)).toBeUndefined();
  });
});
