import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { DeviceHealth } from '../../../devices/device/device.ts';
import type { Loss } from '../../../devices/device/loss.ts';
import { LiveDevice } from '../../../devices/ffmpeg/live.ts';
import { RawParser } from '../../../devices/stream/raw.ts';
import { StreamError, type StreamSink } from '../../../devices/stream/stream.ts';
import { closing } from '../../support/closing.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { fakeProgram, onlyPrograms } from '../../support/programs.ts';

class Unreadable extends LiveDevice {
  protected async command() {
    const parser = () => {
      throw new StreamError('no frame is that large');
    };
    return { program: 'camera-program', args: [], install: 'install it', parser };
  }

  protected identity(): never {
    throw new Error('it has no stream');
  }
}

class Camera extends LiveDevice {
  protected async command() {
    const format = { format: 'GRAY8', width: 2, height: 2, colour: { matrix: 'bt601', range: 'full' } } as const;
    const parser = (sink: StreamSink) => new RawParser(sink, format);
    return { program: 'camera-program', args: [], install: '', parser };
  }

  protected identity() {
    return { kind: 'camera', title: 'camera' };
  }
}

const frame = `fs.writeSync(1, '1234');`;
const stubborn = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`;
/** Another program that has left the group with the outputs; its process id is written to standard error and to this file. */
const beginsAnother = (list: string) => `const { spawn } = require('node:child_process');
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit', detached: true });
  fs.appendFileSync(${JSON.stringify(list)}, other.pid + '\\n');
  fs.writeSync(2, 'began ' + other.pid + '\\n');`;

/** Keeps why each of its runs was over. */
class Watched extends Camera {
  readonly losses: Loss[] = [];

  protected override async run(): Promise<Loss> {
    const loss = await super.run();
    this.losses.push(loss);
    return loss;
  }
}

async function opened(options: ConstructorParameters<typeof Camera>[1]): Promise<Camera> {
  const camera = closing(new Camera('camera:', options), (camera) => camera.close());
  await camera.open();
  return camera;
}

/** The next one of this state. */
async function health(camera: Camera, state: DeviceHealth['state']): Promise<DeviceHealth> {
  for (;;) {
    const [now] = (await once(camera, 'health')) as [DeviceHealth];
    if (now.state === state) return now;
  }
}

describe('LiveDevice', () => {
  it('starts no program whose stream it cannot read', async () => {
    // Were it started, it would be missed.
    onlyPrograms();
    await expect(new Unreadable('unreadable:').open()).rejects.toThrow('unreadable: no frame is that large');
  });

  it('begins again, and closes, though somebody keeps the pipe of a program that stalled', async () => {
    const list = join(temporaryFolder(), 'others');
    const { runs } = fakeProgram('camera-program', `${beginsAnother(list)} ${frame} ${stubborn}`);
    // Registered before the camera, so that it comes after its end: the last one told nobody of its process id.
    onTestFinished(() => {
      for (const pid of readFileSync(list, 'utf8').trim().split('\n')) process.kill(Number(pid), 'SIGKILL');
    });
    const camera = await opened({ stallTimeoutMs: 300 });
    const others = new Set<number>();
    for (let round = 0; round < 2; round++) {
      await health(camera, 'offline');
      await expect.poll(() => /began (\d+)/.exec(camera.health.lastError ?? '')?.[1]).toBeTruthy();
      others.add(Number(/began (\d+)/.exec(camera.health.lastError!)![1]));
      await health(camera, 'online');
    }
    expect(others.size).toBe(2);
    await camera.close();
    expect(runs()).toHaveLength(3);
  });

  it.each<[how: string, script: string, loss: Loss]>([
    ['without a word', frame, { kind: 'ended', reason: 'the stream ended (exit status 0)', isClean: true }],
    [
      'with words of its own, whatever they are',
      `${frame} fs.writeSync(2, 'the stream ended (exit status 0)\\n');`,
      {
        kind: 'ended',
        reason: 'the stream ended (exit status 0): the stream ended (exit status 0)',
        isClean: false,
        said: 'the stream ended (exit status 0)',
      },
    ],
    [
      'with another status',
      `${frame} process.exitCode = 3;`,
      { kind: 'ended', reason: 'the stream ended (exit status 3)', isClean: false },
    ],
    [
      'killed',
      `${frame} process.kill(process.pid, 'SIGKILL');`,
      { kind: 'ended', reason: 'the stream ended (killed by SIGKILL)', isClean: false },
    ],
    ['without an end', `${frame} ${stubborn}`, { kind: 'stalled', reason: 'no frame for 0.3 s' }],
  ])('tells by fields how its program ended: %s', async (_, script, loss) => {
    fakeProgram('camera-program', script);
    const camera = closing(new Watched('camera:', { stallTimeoutMs: 300 }), (camera) => camera.close());
    await camera.open();
    await expect.poll(() => camera.losses[0], { timeout: 20_000 }).toEqual(loss);
  });

  it('says once that it is lost, and once that it is back, however often it comes and goes', async () => {
    const { runs } = fakeProgram('camera-program', frame);
    const lines: string[] = [];
    const say = (line: string) => lines.push(line);
    const camera = await opened({ logger: { debug: () => {}, info: say, warn: say, error: say } });
    await vi.waitUntil(() => runs().length >= 4, { timeout: 60_000 });
    await health(camera, 'offline');
    expect(lines).toMatchObject(
      [/no more frames: the stream ended .*; next try in/, /frames arrive again/].map((one) =>
        expect.stringMatching(one),
      ),
    );
  });

  it('is offline at the stall, starts nothing beside a program that cannot be killed, and closes', async () => {
    const { runs } = fakeProgram(
      'camera-program',
      `fs.writeSync(2, 'pid ' + process.pid + '\\n'); ${frame} ${stubborn}`,
    );
    const camera = await opened({ stallTimeoutMs: 300 });
    const real = process.kill.bind(process);
    const asked: unknown[] = [];
    // As one that hangs in a driver takes it.
    const kill = vi.spyOn(process, 'kill').mockImplementation((pid, signal) => {
      asked.push([pid, signal]);
      return true;
    });
    onTestFinished(() => {
      kill.mockRestore();
      if (asked.length > 0) real((asked as [number, string][])[0]![0], 'SIGKILL');
    });
    const { lastError } = await health(camera, 'offline');
    // Before it was ended: then it would say its process id.
    expect(lastError).toMatch(/^no frame for 0\.\d s$/);
    await expect.poll(() => camera.health.lastError).toMatch(/^process \d+ cannot be ended: its driver hangs; unplug/);
    expect(runs()).toHaveLength(1);
    // Once it is gone, the camera comes back.
    kill.mockRestore();
    const back = health(camera, 'online');
    real((asked as [number, string][])[0]![0], 'SIGKILL');
    asked.length = 0;
    await back;
    await camera.close();
    expect(camera.health.state).toBe('closed');
  });
});
