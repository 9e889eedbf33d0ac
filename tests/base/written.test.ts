import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { WrittenBytes, written } from '../../sdk/base/written.ts';
import { updateSettings } from '../../sdk/config/edit-settings.ts';

import { Outbox } from '../../sdk/hub/outbox/outbox.ts';
import { closing } from '../support/closing.ts';
import { temporaryFolder } from '../support/folders.ts';
import { until } from '../support/until.ts';

const hourMs = 3_600_000;

it('counts bytes by who wrote them, in all and of the last day', () => {
  let now = 5 * hourMs;
  const written = new WrittenBytes(() => now);
  written.add('outbox', 1000);
  now += 20 * hourMs;
  written.add('outbox', 6e9);
  written.add('settings', 7);
  const none = { bytes: 0, lastDay: 0 };
  const settings = { bytes: 7, lastDay: 7 };
  expect(written.stats).toEqual({
    outbox: { bytes: 6e9 + 1000, lastDay: 6e9 + 1000 },
    learning: none,
    settings,
    recordings: none,
    history: none,
  });
  now += 5 * hourMs;
  expect(written.stats.outbox).toEqual({ bytes: 6e9 + 1000, lastDay: 6e9 });
  now += 365 * 24 * hourMs;
  expect(written.stats).toMatchObject({
    outbox: { bytes: 6e9 + 1000, lastDay: 0 },
    settings: { bytes: 7, lastDay: 0 },
  });
});

it('counts settings that are changed', async () => {
  const file = join(temporaryFolder(), 'ocellus.yaml');
  const before = written.stats.settings.bytes;
  await updateSettings(file, { node: 'porch' });
  expect(written.stats.settings.bytes - before).toBe(statSync(file).size);
});

it('counts what an outbox puts on disk, and nothing that it need not put there', async () => {
  const outbox = closing(new Outbox({ folder: join(temporaryFolder(), 'outbox') }), (it) => it.close());
  outbox.open(() => {});
  await until(() => outbox.stats.storage === 'disk');
  const before = written.stats.outbox;
  outbox.put({ topic: 'counts', payload: Buffer.alloc(5000), retain: true, kind: 'state' });
  for (let i = 0; i < 100; i++) {
    outbox.put({ topic: 'events', payload: Buffer.alloc(985, i), retain: false, kind: 'event' });
  }
  await until(() => outbox.stats.unwritten === 0);
  const bytes = written.stats.outbox.bytes - before.bytes;
  expect(bytes).toBeGreaterThan(100 * 985);
  expect(bytes).toBeLessThan(100 * 985 * 1.05);
  expect(written.stats.outbox.lastDay - before.lastDay).toBe(bytes);
});
