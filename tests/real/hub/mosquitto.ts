import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../support/ports.ts';

// Debian puts it where only root's PATH looks.
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

export interface MosquittoOptions {
  /** Keeps sessions and retained messages on disk, as they were at most a second ago. */
  persistent?: boolean;
  /** Then nobody comes in without. */
  login?: { username: string; password: string };
  /** Boards, each a user whose password is its name: it reads what is below `ocellus/`, and writes its own topics only. */
  boards?: readonly string[];
  /** Default `mqtt`. `mqtts` has a certificate for 127.0.0.1 that nobody signed but itself: `certificate`. */
  protocol?: 'mqtt' | 'mqtts' | 'ws';
  /** Of `mqtts`: clients need the certificate `clientCertificate` and its `clientKey`. */
  mutual?: boolean;
  /** The largest packet it takes. Default: any. */
  packetBytes?: number;
  /** More lines of its configuration. */
  lines?: readonly string[];
  /** Lines of an access list for all clients, who need no login. */
  rights?: readonly string[];
}

/** A Mosquitto of the test's own, on a free port of the loopback address. */
export class Mosquitto {
  readonly url: string;
  /** Path of the certificate of `mqtts`. */
  readonly certificate: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
  /** Clients that it did not let in so far. */
  refusals = 0;
  readonly #folder: string;
  readonly #port: number;
  #process: ChildProcess | undefined;

  private constructor(port: number, folder: string, protocol: string) {
    this.#port = port;
    this.#folder = folder;
    this.url = `${protocol}://127.0.0.1:${port}`;
    this.certificate = join(folder, 'certificate.pem');
    this.clientCertificate = join(folder, 'client.pem');
    this.clientKey = join(folder, 'client-key.pem');
  }

  static async start({
    persistent,
    login,
    protocol = 'mqtt',
    mutual,
    packetBytes,
    boards,
    lines: more = [],
    rights: open,
  }: MosquittoOptions = {}): Promise<Mosquitto> {
    const folder = mkdtempSync(join(tmpdir(), 'ocellus-mosquitto-'));
    const port = await freePort();
    const broker = new Mosquitto(port, folder, protocol);
    const lines = [`listener ${port} 127.0.0.1`, `user ${userInfo().username}`, 'max_inflight_messages 0'];
    if (protocol === 'mqtts') {
      const key = join(folder, 'key.pem');
      makeCertificate(key, broker.certificate);
      lines.push(`certfile ${broker.certificate}`, `keyfile ${key}`);
    }
    if (protocol === 'ws') lines.push('protocol websockets');
    if (mutual) {
      makeCertificate(broker.clientKey, broker.clientCertificate);
      lines.push(`cafile ${broker.clientCertificate}`, 'require_certificate true');
    }
    if (packetBytes) lines.push(`max_packet_size ${packetBytes}`);
    if (persistent) {
      lines.push('persistence true', `persistence_location ${folder}/`);
      lines.push('autosave_interval 1');
    }
    if (login) {
      const file = join(folder, 'passwords');
      execFileSync('mosquitto_passwd', ['-c', '-b', file, login.username, login.password], { env, stdio: 'ignore' });
      lines.push('allow_anonymous false', `password_file ${file}`);
    } else if (boards) {
      const [file, rights] = [join(folder, 'passwords'), join(folder, 'rights')];
      writeFileSync(file, '');
      const rules = boards.map((board) => {
        execFileSync('mosquitto_passwd', ['-b', file, board, board], { env, stdio: 'ignore' });
        const own = [`ocellus/${board}/#`, `ocellus/learn/+/${board}/#`].map((filter) => `topic write ${filter}`);
        return [`user ${board}`, 'topic read ocellus/#', ...own].join('\n');
      });
      writeFileSync(rights, `${rules.join('\n')}\n`);
      lines.push('allow_anonymous false', `password_file ${file}`, `acl_file ${rights}`);
    } else lines.push('allow_anonymous true');
    if (open) {
      const file = join(folder, 'open-rights');
      writeFileSync(file, `${open.join('\n')}\n`);
      lines.push(`acl_file ${file}`);
    }
    lines.push(...more);
    writeFileSync(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`);
    try {
      await broker.start();
    } catch (error) {
      await broker.stop();
      throw error;
    }
    return broker;
  }

  async start(): Promise<void> {
    const child = spawn('mosquitto', ['-c', join(this.#folder, 'mosquitto.conf')], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = child;
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (/not authori[sz]ed/.test(line)) this.refusals++;
    });
    while (!(await this.#answers())) {
      if (child.exitCode !== null) throw new Error(`mosquitto ended with ${child.exitCode}`);
      await sleep(20);
    }
  }

  /** `kill -9`: it says goodbye to nobody and saves nothing. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** It takes no more, and says nothing; until it is killed. */
  pause(): void {
    this.#process!.kill('SIGSTOP');
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true });
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.#port, '127.0.0.1');
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
  }
}

function makeCertificate(key: string, certificate: string): void {
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', key, '-out', certificate];
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files];
  execFileSync('openssl', args, { stdio: 'ignore' });
}

/** Debian's does, some builds do not. */
export function speaksWebSocket(): boolean {
  try {
    return execFileSync('sh', ['-c', 'ldd "$(command -v mosquitto)"'], { env, encoding: 'utf8' }).includes(
      'libwebsockets',
    );
  } catch {
    return false;
  }
}
