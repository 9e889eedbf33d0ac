import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { asset } from '../../../sdk/base/assets.ts';
import type { GroupVerbs } from './group.ts';

/** A process with some of the nodes. */
class Group {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #calls = 0;

  constructor(args: readonly string[]) {
    this.#child = fork(asset('dist', 'tools', 'bench', 'fleet', 'group.js'), args, {
      execArgv: ['--max-old-space-size=8192'],
    });
    this.#child.on('message', ({ id, result, error }: { id: number; result: unknown; error?: string }) => {
      const call = this.#waiting.get(id)!;
      this.#waiting.delete(id);
      if (error === undefined) call.resolve(result);
      else call.reject(new Error(error));
    });
    this.#child.once('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`nodes ended with ${code ?? signal}`));
    });
  }

  call<Verb extends keyof GroupVerbs>(
    verb: Verb,
    ...args: Parameters<GroupVerbs[Verb]>
  ): Promise<Awaited<ReturnType<GroupVerbs[Verb]>>> {
    const id = this.#calls++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#child.send({ id, verb, args });
    });
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

export interface FleetOptions {
  readonly nodes: number;
  readonly processes: number;
  readonly broker: string;
  readonly data: string;
  readonly pictureBytes: number;
}

/** All nodes, in several processes. */
export class Fleet {
  readonly size: number;
  readonly #groups: readonly Group[];

  constructor({ nodes, processes, broker, data, pictureBytes }: FleetOptions) {
    this.size = nodes;
    const share = Math.ceil(nodes / processes);
    this.#groups = Array.from({ length: processes }, (_, i) => {
      const count = Math.min(share, nodes - i * share);
      return new Group([broker, data, String(i * share), String(count), String(pictureBytes)]);
    });
  }

  /** Asks all of them. */
  all<Verb extends keyof GroupVerbs>(
    verb: Verb,
    ...args: Parameters<GroupVerbs[Verb]>
  ): Promise<Awaited<ReturnType<GroupVerbs[Verb]>>[]> {
    return Promise.all(this.#groups.map((group) => group.call(verb, ...args)));
  }

  async start(): Promise<void> {
    await this.all('start');
    await this.all('settle');
  }

  /** Teaches the first node. @returns When each node named it, ms after it was taught. */
  async lesson(label: string): Promise<number[]> {
    await this.#groups[0]!.call('teach', 'n0', label);
    const taught = performance.timeOrigin + performance.now();
    return (await this.all('known', label)).flat().map((time) => Math.max(0, time - taught));
  }

  async end(): Promise<void> {
    await Promise.all(this.#groups.map((group) => group.end()));
  }
}
