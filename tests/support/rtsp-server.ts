import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { asset } from '../../sdk/base/assets.ts';

export function hasRtspServer(): boolean {
  try {
    const script = 'import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import GstRtspServer';
    execFileSync('/usr/bin/python3', ['-c', script], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** @param more A user and a password, and files: see `rtsp-server.py`. */
export async function serve(port: number, ...more: string[]): Promise<ChildProcess> {
  const script = asset('tests', 'real', 'devices', 'rtsp-server.py');
  const server = spawn('/usr/bin/python3', [script, String(port), ...more], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(server.stdout!, 'data');
  return server;
}

export async function kill(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill('SIGKILL');
  await once(server, 'exit');
}
