import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { asset } from '../../../sdk/base/assets.ts';
import { closing } from '../../support/closing.ts';
import { freePort } from '../../support/ports.ts';
import { until } from '../../support/until.ts';

interface Seen {
  protocol: string | undefined;
  devices: Record<string, { via: string | null; triggers: string[] }>;
  states: Record<string, string | null>;
}

/** A Home Assistant with its MQTT integration alone, in a process of its own. */
export class Home {
  /** As it told last. */
  seen: Seen = { protocol: undefined, devices: {}, states: {} };
  readonly #python: string;
  readonly #folder: string;
  readonly #broker: string;
  readonly #port: number;
  readonly #process: ChildProcessWithoutNullStreams;
  #errors = '';

  private constructor(python: string, broker: string, folder: string, port: number) {
    this.#python = python;
    this.#broker = broker;
    this.#folder = folder;
    this.#port = port;
    const script = asset('tests', 'real', 'hub', 'home_assistant.py');
    const args = [script, new URL(broker).port, folder, String(port)];
    this.#process = spawn(python, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.stdin.on('error', () => {});
    this.#process.stderr.on('data', (text) => {
      this.#errors += text;
    });
    createInterface({ input: this.#process.stdout }).on('line', (text) => {
      if (text.startsWith('{')) this.seen = JSON.parse(text);
    });
  }

  /** A new one, as after its own dialog with all defaults. */
  static async start(python: string, broker: string): Promise<Home> {
    const folder = closing(mkdtempSync(join(tmpdir(), 'ocellus-home-')), async (it) => rmSync(it, { recursive: true }));
    return new Home(python, broker, folder, await freePort());
  }

  /** Starts what was stopped, with what it remembers. */
  again(): Home {
    return new Home(this.#python, this.#broker, this.#folder, this.#port);
  }

  /** What it logs of MQTT as wrong. */
  get complaints(): string[] {
    return this.#errors.split('\n').filter((text) => /mqtt/i.test(text) && /WARNING|ERROR/.test(text));
  }

  /** Waits until something is so. @throws Error with the end of its log when it has ended by itself. */
  async until(what: () => boolean): Promise<void> {
    await until(() => what() || this.#process.exitCode !== null);
    if (!what()) throw new Error(`Home Assistant has ended: ${this.#errors.slice(-2000)}`);
  }

  call(domain: string, service: string, data: object): void {
    this.#process.stdin.write(`${JSON.stringify([domain, service, data])}\n`);
  }

  /** Stops it as at a restart. */
  async stop(): Promise<void> {
    const ended = this.#ended();
    this.#process.stdin.end();
    await ended;
  }

  async kill(): Promise<void> {
    const ended = this.#ended();
    this.#process.kill('SIGKILL');
    await ended;
  }

  async #ended(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, 'exit');
  }
}
