import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { asset } from '../../sdk/base/assets.ts';
import { cpuMsOf, plainEnvironment } from './processes.ts';

/** What `ocellus run` needs from its start to the first event on MQTT: ms by the clock, and of its CPU time. */
export async function timeToFirstEvent(clip: string, port: number): Promise<{ wallMs: number; cpuMs: number }> {
  const node = `start${process.hrtime.bigint() % 1_000_000n}`;
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`);
  await client.subscribeAsync(`ocellus/${node}/#`);
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-start-'));
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
  // With the settings of memory in its first line.
  const child = spawn(asset('bin', 'ocellus.js'), args, {
    cwd: folder,
    env: plainEnvironment(folder),
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    return await new Promise((resolve, reject) => {
      const giveUp = setTimeout(() => reject(new Error('no event within 60 s')), 60_000);
      client.on('message', (topic) => {
        if (!topic.endsWith('/events')) return;
        clearTimeout(giveUp);
        resolve({ wallMs: performance.now() - started, cpuMs: cpuMsOf(child.pid!) });
      });
    });
  } finally {
    child.kill('SIGTERM');
    await ended;
    await client.endAsync();
    rmSync(folder, { recursive: true, force: true });
  }
}
