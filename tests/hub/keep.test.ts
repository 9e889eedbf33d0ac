import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Hub } from '../../sdk/hub/hub.ts';
import { closing } from '../support/closing.ts';
import { FakeCamera, FakeNode, mqttSettings } from '../support/hub.ts';
import { until } from '../support/until.ts';
import { FakeBroker } from './fake-broker.ts';

describe('a hub that keeps in memory what need not outlive a restart', () => {
  let broker: FakeBroker;
  let data: string;

  beforeEach(async () => {
    broker = closing(await FakeBroker.start(), (it) => it.stop());
    broker.flow();
    data = closing(mkdtempSync(join(tmpdir(), 'ocellus-keep-')), async (it) => rmSync(it, { recursive: true }));
  });

  async function run(keep: 'disk' | 'ram') {
    const node = new FakeNode('porch', [new FakeCamera('door')]);
    const hub = closing(new Hub({ node, settings: mqttSettings(broker.url), data, keep }), (it) => it.stop());
    await hub.start();
    await until(() => hub.stats.connected && broker.retained.size > 3);
    return hub;
  }

  it('writes no message and no list', async () => {
    const hub = await run('ram');
    expect(hub.stats.outbox.storage).toBe('memory');
    await hub.stop();
    expect(existsSync(join(data, 'outbox'))).toBe(false);
    expect(existsSync(join(data, 'retained.json'))).toBe(false);
  });

  it('does otherwise', async () => {
    const hub = await run('disk');
    await until(() => hub.stats.outbox.storage === 'disk');
    await hub.stop();
    expect(readdirSync(data)).toContain('outbox');
  });
});
