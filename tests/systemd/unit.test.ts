import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';

/** What the unit names under a key of `[Unit]`, over all lines of it. */
function named(key: string): string[] {
  const lines = readFileSync(asset('tools', 'systemd', 'ocellus.service'), 'utf8').split('\n');
  const values = lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
  return values.join(' ').split(/\s+/).filter(Boolean);
}

it('waits for the time where something brings it, and needs neither that nor a network', () => {
  expect(named('After')).toEqual(
    expect.arrayContaining(['time-set.target', 'time-sync.target', 'network-online.target']),
  );
  for (const key of ['Requires', 'Requisite', 'BindsTo', 'PartOf', 'Upholds']) expect(named(key), key).toEqual([]);
  // It would bring nothing that tells the time, and nobody who does wants it to be there without.
  expect(named('Wants')).toEqual(['network-online.target']);
});
