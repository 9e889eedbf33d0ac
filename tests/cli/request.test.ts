import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { startBroker } from '../../sdk/hub/broker/broker.ts';
import { Hub } from '../../sdk/hub/hub.ts';
import { temporaryFolder } from '../support/folders.ts';
import { FakeCamera, FakeNode, mqttSettings } from '../support/hub.ts';
import { until } from '../support/until.ts';
import { jsonLines, lineOf, ocellus } from './cli.ts';

async function startNode() {
  const broker = await startBroker({ port: 0 });
  onTestFinished(() => broker.stop());
  const hub = new Hub({ node: new FakeNode('porch', [new FakeCamera('door')]), settings: mqttSettings(broker.url) });
  onTestFinished(() => hub.stop());
  await hub.start();
  await until(() => hub.stats.published > 0);
  return ['--broker', broker.url, '--node', 'porch'];
}

describe('ocellus request', () => {
  it('prints the answer', async () => {
    const where = await startNode();
    const { code, out, err } = await ocellus(['request', 'snapshot', '{"camera": "door"}', ...where]);
    expect([code, err]).toEqual([0, '']);
    expect(jsonLines(out)).toEqual([{ camera: 'door', topic: 'ocellus/porch/door/view', bytes: 4 }]);
  });

  it('ends with 2 and the node’s words when it says no', async () => {
    const where = await startNode();
    const { code, out, err } = await ocellus(['request', 'dance', ...where]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('there is no such verb; expected one of info, state');
  });

  it.each([
    [['info', '[1]'], 'Expected a JSON object.'],
    [['info', '--broker', 'http://x'], 'expected a URL with mqtt://'],
    [['info', '--broker', 'mqtt://127.0.0.1:9'], 'no connection to mqtt://127.0.0.1:9: '],
    [['info', '--broker', 'mqtt://127.0.0.1:9'], '; --broker names the broker of the node'],
    [['a/b', '--broker', 'mqtt://127.0.0.1:9'], 'no connection'],
  ])('ends with 2 on %j', async (args, message) => {
    const { code, out, err } = await ocellus(['request', ...args]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });
});

describe('request/restart to ocellus run', () => {
  it('ends the process with 75 where systemd started it', async () => {
    const args = ['run', '--no-console', '--mqtt-port', '0', '--source', 'scene:'].join(' ');
    // As systemd does it: the process knows by its own number that it was started as the service itself.
    const command = `SYSTEMD_EXEC_PID=$$ exec "${process.execPath}" "${asset('bin', 'ocellus.js')}" ${args}`;
    const child = spawn('sh', ['-c', command], { cwd: temporaryFolder() });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    const [, broker] = /^MQTT: (\S+)/.exec(await lineOf(child, /^MQTT/))!;
    const { code, out } = await ocellus(['request', 'restart', '--broker', broker!]);
    expect([code, jsonLines(out)]).toEqual([0, [{ process: true, cameras: [] }]]);
    expect(await ended).toEqual([75, null]);
  });
});
