import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sparkEnvironment, sparkHome } from './spark.ts';

/** Spark's own cluster, on ports of the loopback address that it chooses itself: a master and workers of one core each. */
export class Cluster {
  readonly url: string;
  readonly #daemons: readonly ChildProcess[];

  private constructor(url: string, daemons: readonly ChildProcess[]) {
    this.url = url;
    this.#daemons = daemons;
  }

  static async start(workers: number, folder: string): Promise<Cluster> {
    const master = daemon('master.Master');
    const daemons = [master.child];
    const cluster = (url: string) => new Cluster(url, daemons);
    try {
      const url = (await master.line(/Starting Spark master at (spark:\S+)/))[1]!;
      for (let i = 0; i < workers; i++) {
        const place = ['--work-dir', join(folder, `worker-${i}`), '--cores', '1', '--memory', '1g'];
        const worker = daemon('worker.Worker', ...place, url);
        daemons.push(worker.child);
        await worker.line(/Successfully registered with master/);
      }
      return cluster(url);
    } catch (error) {
      await cluster('').stop();
      throw error;
    }
  }

  /** The group of processes of each worker and the executors that it started. */
  get workers(): number[] {
    return this.#daemons.slice(1).map(({ pid }) => pid!);
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#daemons.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        process.kill(-child.pid!, 'SIGKILL');
        await ended;
      }),
    );
  }
}

function daemon(name: string, ...args: readonly string[]) {
  const address = ['--host', '127.0.0.1', '--port', '0', '--webui-port', '0'];
  const child = spawn(
    join(sparkHome(), 'bin', 'spark-class'),
    [`org.apache.spark.deploy.${name}`, ...address, ...args],
    // It leads a group, which can be killed with what it started.
    {
      env: { ...sparkEnvironment(), SPARK_DAEMON_MEMORY: '256m' },
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    },
  );
  const lines = createInterface({ input: child.stderr });
  const said: string[] = [];
  return {
    child,
    line: (pattern: RegExp) =>
      new Promise<RegExpExecArray>((resolve, reject) => {
        lines.on('line', (line) => {
          said.push(line);
          const match = pattern.exec(line);
          if (match) resolve(match);
        });
        lines.once('close', () =>
          reject(new Error(`${name} ended without ${pattern}:\n${said.slice(-30).join('\n')}`)),
        );
      }),
  };
}
