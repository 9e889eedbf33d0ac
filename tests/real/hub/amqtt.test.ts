import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { Hub } from '../../../sdk/hub/hub.ts';
import { Subscriber } from '../../hub/subscriber.ts';
import { closing } from '../../support/closing.ts';
import { eventMessage, FakeCamera, FakeNode, mqttSettings } from '../../support/hub.ts';
import { freePort } from '../../support/ports.ts';
import { recorder } from '../../support/recorder.ts';
import { until } from '../../support/until.ts';
import { hasPython, preparePython, pythonOfTests } from '../python.ts';

const missing = hasPython ? '' : ' (needs python3 with venv)';

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

async function startAmqtt(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-amqtt-'));
  const port = await freePort();
  const config = join(folder, 'amqtt.yaml');
  writeFileSync(
    config,
    `listeners: {default: {type: tcp, bind: "127.0.0.1:${port}"}}\nplugins: {amqtt.plugins.authentication.AnonymousAuthPlugin: {allow_anonymous: true}}\n`,
  );
  // Its script names the folder in which the environment was made.
  const main = 'from amqtt.scripts.broker_script import main; main()';
  const child = spawn(pythonOfTests(), ['-c', main, '-c', config], { stdio: 'ignore' });
  closing(child, async () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`amqtt ended with ${child.exitCode}`);
    await sleep(50);
  }
  return `mqtt://127.0.0.1:${port}`;
}

describe.skipIf(missing)(`Hub with amqtt 0.12, which does not answer MQTT 5${missing}`, () => {
  beforeAll(preparePython, 600_000);

  it('falls back to 3.1.1, and remembers it', async () => {
    const url = await startAmqtt();
    const events = 'ocellus/porch/door/events';
    const heard = closing(await Subscriber.to(url, events, { protocolVersion: 4 }), (it) => it.end());
    const camera = new FakeCamera('door');
    const logger = recorder();
    const hub = closing(new Hub({ node: new FakeNode('porch', [camera]), settings: mqttSettings(url), logger }), (it) =>
      it.stop(),
    );
    await hub.start();
    for (let i = 0; i < 5; i++) camera.emit('event', eventMessage(i));
    await until(() => heard.on(events).length === 5);
    expect(hub.stats).toMatchObject({ protocolVersion: 4, connections: 1 });
    expect(logger.lines).toEqual([`info MQTT: connected to ${url} (MQTT 3.1.1)`]);
  });
});
