import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../../../sdk/base/errors.ts';
import { answersAt } from '../answers.ts';

/** How a broker is started. */
interface Kind {
  readonly title: string;
  /** What it prints its version with. */
  readonly version: readonly string[];
  /** Program and arguments; writes what settings they need. @param folder Of its own, kept over restarts. */
  command(port: number, folder: string): Promise<readonly string[]> | readonly string[];
  /** Ends what it has left behind. */
  clear?(): void;
  /** Removes what it has stored elsewhere. */
  remove?(folder: string): void;
}

/** Where the programs are that no package of this system has. */
export interface Programs {
  /** `nats-server`. */
  readonly nats: string;
  /** Root of a Debian that has RabbitMQ 4, to change to. */
  readonly rabbitmq: string | undefined;
}

export const brokerNames = ['mosquitto', 'rabbitmq', 'nats'] as const;
export type BrokerName = (typeof brokerNames)[number];

/** For a session that is away, while a fleet tells all that waited: docs/fleet.md. */
const mostQueued = 1_000_000;

// Debian puts Mosquitto where only root's PATH looks.
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

function kindOf(name: BrokerName, { nats, rabbitmq }: Programs): Kind {
  if (name === 'mosquitto') {
    return {
      title: 'Mosquitto',
      version: ['mosquitto', '-h'],
      command: (port, folder) => {
        const lines = [
          ...[`listener ${port} 127.0.0.1`, `user ${userInfo().username}`, 'allow_anonymous true', 'sys_interval 1'],
          ...['persistence true', `persistence_location ${folder}/`, `max_queued_messages ${mostQueued}`],
        ];
        writeFileSync(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`);
        return ['mosquitto', '-c', join(folder, 'mosquitto.conf')];
      },
    };
  }
  if (name === 'nats') {
    return {
      title: 'NATS',
      version: [nats, '--version'],
      command: async (port, folder) => {
        const lines = [
          ...['server_name: fleet', 'listen: "127.0.0.1:-1"', `jetstream { store_dir: "${folder}"`],
          // Each subscription of QoS 1 is a consumer, and 1000 of all clients are the default.
          'limits { default_max_consumers: -1 } }',
          // Within it all that is retained has to be read, for one subscription; 5 seconds are the default.
          `mqtt { listen: "127.0.0.1:${port}", js_api_timeout: "60s" }`,
        ];
        writeFileSync(join(folder, 'nats.conf'), `${lines.join('\n')}\n`);
        return [nats, '-c', join(folder, 'nats.conf')];
      },
    };
  }
  if (rabbitmq === undefined) {
    throw new InputError(
      '--rabbitmq: expected the root of a Debian with RabbitMQ 4; docs/fleet.md says how it is made',
    );
  }
  let epmd = 0;
  const homeOf = (folder: string) => `/var/lib/fleet/${basename(folder)}`;
  const root = ['chroot', rabbitmq, 'env', 'HOME=/root', 'LANG=C.UTF-8'];
  return {
    title: 'RabbitMQ',
    // Erlang's name server, a daemon.
    clear: () => spawnSync('chroot', [rabbitmq, 'env', `ERL_EPMD_PORT=${epmd}`, 'epmd', '-kill']),
    remove: (folder) => {
      spawnSync('umount', [join(rabbitmq, 'proc')]);
      rmSync(join(rabbitmq, homeOf(folder)), { recursive: true, force: true });
    },
    version: [...root, 'dpkg-query', '-W', 'rabbitmq-server'],
    command: async (port, folder) => {
      if (!readFileSync('/proc/mounts', 'utf8').includes(` ${join(rabbitmq, 'proc')} `)) {
        spawnSync('mount', ['-t', 'proc', 'proc', join(rabbitmq, 'proc')]);
      }
      const home = homeOf(folder);
      spawnSync('mkdir', ['-p', join(rabbitmq, home)]);
      const lines = [
        ...[`mqtt.listeners.tcp.1 = 127.0.0.1:${port}`, 'listeners.tcp = none', 'mqtt.allow_anonymous = true'],
        ...['anonymous_login_user = guest', 'anonymous_login_pass = guest', 'log.console = false'],
        'mqtt.max_session_expiry_interval_seconds = 86400',
      ];
      writeFileSync(join(rabbitmq, home, 'rabbitmq.conf'), `${lines.join('\n')}\n`);
      writeFileSync(join(rabbitmq, home, 'enabled_plugins'), '[rabbitmq_mqtt].\n');
      epmd = await freePort();
      const distribution = await freePort();
      return [
        ...root,
        ...[`RABBITMQ_BASE=${home}`, `RABBITMQ_MNESIA_BASE=${home}/db`, `RABBITMQ_LOG_BASE=${home}/log`],
        ...[`RABBITMQ_CONFIG_FILE=${home}/rabbitmq.conf`, `RABBITMQ_ENABLED_PLUGINS_FILE=${home}/enabled_plugins`],
        ...['RABBITMQ_NODENAME=fleet@localhost', `ERL_EPMD_PORT=${epmd}`, `RABBITMQ_DIST_PORT=${distribution}`],
        ...['ERL_EPMD_ADDRESS=127.0.0.1', '/usr/lib/rabbitmq/bin/rabbitmq-server'],
      ];
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A broker of its own for one run, on the loopback address. */
export class Broker {
  readonly url: string;
  readonly title: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'ocellus-fleet-broker-'));
  readonly #port: number;
  readonly #kind: Kind;
  #process: ChildProcess | undefined;

  private constructor(port: number, kind: Kind) {
    this.#port = port;
    this.#kind = kind;
    this.url = `mqtt://127.0.0.1:${port}`;
    const { stdout } = spawnSync(kind.version[0]!, kind.version.slice(1), { env, encoding: 'utf8' });
    const number = /\d+\.\d+[\w.-]*/.exec(stdout ?? '')?.[0];
    if (number === undefined)
      throw new InputError(`${kind.title}: expected a program, ${kind.version[0]} cannot be run`);
    this.title = `${kind.title} ${number}`;
  }

  static async start(name: BrokerName, programs: Programs): Promise<Broker> {
    const broker = new Broker(await freePort(), kindOf(name, programs));
    await broker.start();
    return broker;
  }

  async start(): Promise<void> {
    const [program, ...args] = await this.#kind.command(this.#port, this.#folder);
    const log = openSync(join(this.#folder, 'log'), 'a');
    this.#process = spawn(program!, args, { env, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    while (!(await answersAt(this.#port))) {
      if (this.#process.exitCode !== null) {
        throw new Error(`${this.title} ended with ${this.#process.exitCode}:\n${this.log.slice(-2000)}`);
      }
      await sleep(10);
    }
  }

  /** What it wrote. */
  get log(): string {
    return readFileSync(join(this.#folder, 'log'), 'utf8');
  }

  /** Ends it as a service is ended, or with `SIGKILL` as a fault does. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#process!;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    // RabbitMQ's own process is a child of its script.
    process.kill(-child.pid!, signal);
    await ended;
    while (await answersAt(this.#port)) await sleep(20);
    this.#kind.clear?.();
  }

  async stop(): Promise<void> {
    await this.end('SIGKILL');
    this.#kind.remove?.(this.#folder);
    rmSync(this.#folder, { recursive: true });
  }

  /** What it has used so far: seconds of CPU, and MB of memory now. */
  get use(): { readonly cpuSeconds: number; readonly residentMb: number } {
    let [ticks, kilobytes] = [0, 0];
    for (const pid of processesOf(this.#process!.pid!)) {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
      kilobytes += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    }
    return { cpuSeconds: ticks / 100, residentMb: kilobytes / 1000 };
  }
}

/** A process and all that it has started. */
function processesOf(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' });
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const found = [pid];
  for (const one of found) found.push(...pairs.filter(([, parent]) => parent === one).map(([child]) => child));
  return found;
}
