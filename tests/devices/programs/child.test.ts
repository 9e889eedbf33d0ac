import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Child } from '../../../devices/programs/child.ts';
import { bundled } from '../../real/bundle.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';
import { fakeProgram } from '../../support/programs.ts';

const orphan = bundled('tests/devices/programs/orphan.ts', !hasProgram('setpriv'));

const start = (name: string) => Child.start({ program: name, args: [], install: `install ${name}` });
const isRunning = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('Child', () => {
  it('drains what is written to standard error and keeps the last lines, passwords masked', async () => {
    fakeProgram(
      'chatter',
      `const line = 'x'.repeat(1000) + '\\n';
       for (let count = 0; count < 2000; count++) process.stderr.write(line);
       process.stderr.write('same\\nsame\\n  \\nrtsp://me:secret@door failed\\nrtsp://me:secret@door');
       process.exitCode = 3;`,
    );
    const child = await start('chatter');
    child.stdout.resume();
    expect(await child.ended).toBe('exit status 3');
    expect(child.said).toMatch(/; same; rtsp:\/\/me:\*\*\*@door failed; rtsp:\/\/me:\*\*\*@door$/);
    expect(child.said.length).toBeLessThan(6000);
  });

  it('leaves out where in memory ffmpeg keeps what complains, so that the same error reads the same', async () => {
    fakeProgram(
      'chatter',
      `process.stderr.write('[tcp @ 0x559ce6cdae80] Connection refused\\n[tcp @ 0x559ce6cdae81] Connection refused\\n[in#0 @ 0x5] no');`,
    );
    const child = await start('chatter');
    child.stdout.resume();
    await child.ended;
    expect(child.said).toBe('Connection refused; no');
  });

  it.each([
    ['that ends when asked', 'ready(); setInterval(() => {}, 1000)', 'killed by SIGTERM'],
    ['that does not', 'process.on("SIGTERM", () => {}); ready(); setInterval(() => {}, 1000)', 'killed by SIGKILL'],
    ['that is frozen', 'ready(); process.kill(process.pid, "SIGSTOP")', /^killed by SIG(TERM|KILL)$/],
    ['whose output nobody reads', 'for (;;) fs.writeSync(1, Buffer.alloc(1 << 16))', /./],
  ])('stops a program %s, and waits for its end', async (_, script, how) => {
    fakeProgram('victim', `const ready = () => fs.writeSync(1, 'x'); ${script}`);
    const child = await start('victim');
    await new Promise((resolve) => child.stdout.once('readable', resolve));
    await child.stop();
    expect(isRunning(child.pid)).toBe(false);
    expect(await child.ended).toEqual(typeof how === 'string' ? how : expect.stringMatching(how));
    await child.stop();
  });

  /** Begins another program that inherits its outputs, and says its process id. */
  const begin = (detached: boolean) => `
    const { spawn } = require('node:child_process');
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit', detached: ${detached} });
    fs.writeSync(1, String(other.pid));`;

  it.each([
    ['is asked to end', 'setInterval(() => {}, 1000)', (child: Child) => child.stop()],
    ['ends by itself', 'process.exit()', (child: Child) => child.ended],
  ])('ends what a program has begun when it %s', async (_, script, end) => {
    fakeProgram('parent', `${begin(false)} ${script}`);
    const child = await start('parent');
    const [pid] = await once(child.stdout, 'data');
    await end(child);
    await expect.poll(() => isRunning(Number(pid))).toBe(false);
  });

  it('waits for nobody who left the group with its pipes', async () => {
    fakeProgram('parent', `process.on('SIGTERM', () => {}); ${begin(true)} setInterval(() => {}, 1000)`);
    const child = await start('parent');
    const [pid] = await once(child.stdout, 'data');
    onTestFinished(() => void process.kill(Number(pid), 'SIGKILL'));
    await child.stop();
    expect(await child.ended).toBe('killed by SIGKILL');
    expect(isRunning(Number(pid))).toBe(true);
  });

  it('reads all that a program wrote, however slowly, though somebody has its pipe still', async () => {
    fakeProgram('parent', `${begin(true)} fs.writeSync(1, ' ' + 'x'.repeat(40_000)); process.exit()`);
    const child = await start('parent');
    let text = '';
    onTestFinished(() => void process.kill(Number.parseInt(text, 10), 'SIGKILL'));
    child.stdout.on('data', (chunk) => {
      text += chunk;
      child.stdout.pause();
      setTimeout(() => child.stdout.resume(), 1500);
    });
    expect(await child.ended).toBe('exit status 0');
    const [, rest] = text.split(' ');
    expect(rest).toHaveLength(40_000);
  });

  it('gives up one that cannot be killed, and says that it runs still', async () => {
    fakeProgram('victim', 'process.on("SIGTERM", () => {}); fs.writeSync(1, "x"); setInterval(() => {}, 1000)');
    const child = await start('victim');
    await once(child.stdout, 'data');
    // As one that hangs in a driver takes it.
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
    onTestFinished(async () => {
      kill.mockRestore();
      process.kill(-child.pid, 'SIGKILL');
      await expect.poll(() => child.running).toBe(false);
    });
    await child.stop();
    expect(kill.mock.calls).toEqual([
      [-child.pid, 'SIGTERM'],
      [-child.pid, 'SIGKILL'],
    ]);
    expect(await child.ended).toBe('it cannot be killed');
    expect(child.running).toBe(true);
  });

  it.skipIf(!hasProgram('setpriv'))(
    'leaves no program behind when this process is killed, also one that writes nothing (needs setpriv)',
    async () => {
      fakeProgram('silent', 'fs.writeFileSync(process.argv[2], String(process.pid)); setInterval(() => {}, 1000)');
      const file = join(temporaryFolder(), 'pid');
      const node = spawn(process.execPath, [orphan, 'silent', file]);
      const text = () => existsSync(file) && readFileSync(file, 'utf8');
      await expect.poll(text).toBeTruthy();
      const pid = Number(text());
      expect(isRunning(pid)).toBe(true);
      node.kill('SIGKILL');
      await expect.poll(() => isRunning(pid)).toBe(false);
    },
  );

  it('says what to install when the program is missing', async () => {
    await expect(start('no-such-program')).rejects.toThrow(
      'no-such-program is needed for this source and was not found on the PATH; install no-such-program',
    );
  });
});
