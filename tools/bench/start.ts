import { spawn } from 'node:child_process';
import { connectAsync } from 'mqtt';
import { asset } from '../../sdk/base/assets.ts';
import { launcher } from '../shared/run.ts';

/** What `ocellus run` needs from its start to the first message on MQTT that names an object, in ms. */
export async function timeToFirstDetection(clip: string, port: number): Promise<number> {
  const node = `start${process.hrtime.bigint() % 1_000_000n}`;
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`);
  await client.subscribeAsync(`ocellus/${node}/#`);
  const args = [
    'run',
    '--source',
    `file:${clip}`,
    '--node',
    node,
    '--broker',
    `mqtt://127.0.0.1:${port}`,
    '--port',
    '0',
  ];
  const started = performance.now();
  const child = spawn('env', [...launcher(), asset('bin', 'ocellus.js'), ...args], { cwd: '/', stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    return await new Promise<number>((resolve, reject) => {
      const giveUp = setTimeout(() => reject(new Error('no detection within 60 s')), 60_000);
      client.on('message', (topic) => {
        if (!topic.endsWith('/events')) return;
        clearTimeout(giveUp);
        resolve(performance.now() - started);
      });
    });
  } finally {
    child.kill('SIGTERM');
    await ended;
    await client.endAsync();
  }
}
