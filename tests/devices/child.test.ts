import { describe, expect, it } from 'vitest';
import { Child } from '../../devices/child.ts';
import { fakeProgram } from './fake.ts';

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

  it('says what to install when the program is missing', async () => {
    await expect(start('no-such-program')).rejects.toThrow(
      'no-such-program is needed for this source and was not found on the PATH; install no-such-program',
    );
  });
});
