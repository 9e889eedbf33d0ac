import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answersAt } from '../answers.ts';

// Debian puts it where only root's PATH looks.
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

/** A Mosquitto for one round. */
export class Mosquitto {
  readonly url: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'ocellus-bench-'));
  readonly #port: number;
  #process: ChildProcess | undefined;

  private constructor(port: number) {
    this.#port = port;
    this.url = `mqtt://127.0.0.1:${port}`;
    const lines = [`listener ${port} 127.0.0.1`, `user ${userInfo().username}`, 'allow_anonymous true'];
    // Without a limit, so that it gives what it took to who listens before it acknowledges.
    writeFileSync(join(this.#folder, 'mosquitto.conf'), `${[...lines, 'max_inflight_messages 0'].join('\n')}\n`);
  }

  static async start(): Promise<Mosquitto> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const broker = new Mosquitto(port);
    await broker.start();
    return broker;
  }

  async start(): Promise<void> {
    this.#process = spawn('mosquitto', ['-c', join(this.#folder, 'mosquitto.conf')], { env, stdio: 'ignore' });
    await once(this.#process, 'spawn');
    while (!(await answersAt(this.#port))) await sleep(20);
  }

  async kill(): Promise<void> {
    const ended = once(this.#process!, 'exit');
    this.#process!.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true });
  }
}
