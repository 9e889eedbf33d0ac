import { describe, expect, it, onTestFinished } from 'vitest';
import { startBroker } from '../../sdk/hub/broker/broker.ts';
import { Hub } from '../../sdk/hub/hub.ts';
import { inWords } from '../../tools/cli/commands/why.ts';
import { FakeCamera, FakeNode, mqttSettings } from '../support/hub.ts';
import { until } from '../support/until.ts';
import { jsonLines, ocellus } from './cli.ts';

async function startNode() {
  const broker = await startBroker({ port: 0 });
  onTestFinished(() => broker.stop());
  const cameras = [new FakeCamera('door'), new FakeCamera('yard')];
  const hub = new Hub({ node: new FakeNode('porch', cameras), settings: mqttSettings(broker.url) });
  onTestFinished(() => hub.stop());
  await hub.start();
  await until(() => hub.stats.published > 0);
  return ['--broker', broker.url, '--node', 'porch'];
}

describe('ocellus why', () => {
  it('tells what became of each object, and what another threshold would have told', async () => {
    const where = await startNode();
    const { code, out, err } = await ocellus(['why', '--camera', 'door', '--threshold', '0.4', ...where]);
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n')).toEqual([
      'door, the last 1 min',
      '  the network looked at 100 of 600 frames; 490 not: nothing moved; 10 not: other cameras came first',
      '  3 s ago  cat  58 %  not told: its median score 45 % is below 60 %',
      '  with a threshold of 40 %, about 1 would have been told: 1 x cat',
      '',
    ]);
    const json = await ocellus(['why', '--json', ...where]);
    const [answer] = jsonLines(json.out) as { cameras: { camera: string }[] }[];
    expect(answer!.cameras).toMatchObject([
      { camera: 'door', objects: [{ fate: 'median_below', told_up_to: 0.45 }] },
      { camera: 'yard' },
    ]);
    const wrong = await ocellus(['why', '--camera', 'attic', ...where]);
    expect([wrong.code, wrong.err]).toEqual([
      2,
      expect.stringContaining('there is no such camera; expected one of door, yard'),
    ]);
  });

  it.each([
    ['0.4x', 'Expected a number from 0 to 1.'],
    ['2', 'Expected a number from 0 to 1.'],
  ])('refuses a threshold of %s', async (threshold, message) => {
    const { code, err } = await ocellus(['why', '--threshold', threshold]);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });

  it('says where nothing came, and nothing was seen', () => {
    const frames = { in: 0, inferred: 0, still: 0, busy: 0, off: 0 };
    expect(inWords({ camera: 'door', seconds: 0, frames, objects: [] }, 0.5)).toBe(
      'door, the last 1 min\n  no frame came\n  nothing was seen\n  with a threshold of 50 %, about 0 would have been told',
    );
  });
});
