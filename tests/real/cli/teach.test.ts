import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ocellus, photo, start } from '../../cli/cli.ts';
import { Subscriber } from '../../hub/subscriber.ts';
import { closing } from '../../support/closing.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';
import { until } from '../../support/until.ts';
import { Mosquitto } from '../hub/mosquitto.ts';

const missing = hasProgram('mosquitto') ? '' : ' (needs mosquitto)';

describe.skipIf(missing)(`ocellus teach, before a node runs${missing}`, () => {
  it('what pictures taught is what the node calls the objects that it follows', async () => {
    const data = temporaryFolder();
    const store = join(data, 'porch', 'learn');
    for (const [label, name] of [
      ['Minka', 'cat'],
      ['my mug', 'cup'],
    ] as const) {
      const args = ['teach', '--store', store, '--node', 'porch', '--label', label, photo(`${name}.jpg`)];
      expect((await ocellus(args)).code).toBe(0);
    }

    const broker = closing(await Mosquitto.start(), (one) => one.stop());
    const heard = closing(await Subscriber.to(broker.url, 'ocellus/#'), (one) => one.end());
    const settings = ['--no-console', '--broker', broker.url, '--node', 'porch', '--source', 'scene:'];
    const child = start(['run', ...settings], data, { OCELLUS_DATA: data });
    closing(child, async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    });
    const named = () =>
      heard
        .on('ocellus/porch/camera/events')
        .map(({ text }) => JSON.parse(text).after as { label: string; sub_label: string | null })
        .filter(({ sub_label }) => sub_label !== null);
    await until(() => named().some(({ sub_label }) => sub_label === 'Minka'));
    for (const { label, sub_label } of named()) if (sub_label === 'Minka') expect(label).toBe('cat');

    // The node has the store now.
    const late = await ocellus(['teach', '--store', store, '--label', 'Minka', photo('cat.jpg')]);
    expect([late.code, late.err]).toEqual([2, expect.stringContaining('a node that runs is taught on its page')]);
  });
});
