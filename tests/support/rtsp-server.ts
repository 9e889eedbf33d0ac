import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
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

/** @param more A user and a password, and files: see `rtsp-server.py`. */
export async function serve(port: number, ...more: string[]): Promise<ChildProcess> {
  const script = asset('tests', 'real', 'devices', 'rtsp-server.py');
  const server = spawn('/usr/bin/python3', [script, String(port), ...more], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(server, 'exit').then(([code]) => {
    throw new Error(`the RTSP server ended with ${code}`);
  });
  ended.catch(() => {});
  await Promise.race([once(server.stdout!, 'data'), ended]);
  return server;
}

export async function kill(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill('SIGKILL');
  await once(server, 'exit');
}
