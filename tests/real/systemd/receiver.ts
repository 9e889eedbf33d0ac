import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { temporaryFolder } from '../../support/folders.ts';

const program = `
import json, socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print("ready", flush=True)
while True:
    print(json.dumps(receiver.recv(65536).decode()), flush=True)
`;

/** In place of systemd: a datagram socket, as only Python opens one here, and what came to it. */
export class Receiver {
  readonly path: string;
  /** Messages, each with its assignments. */
  readonly received: string[][] = [];
  readonly #process: ChildProcess;

  private constructor(path: string, process: ChildProcess) {
    this.path = path;
    this.#process = process;
  }

  static async start(): Promise<Receiver> {
    const path = join(temporaryFolder(), 'notify');
    const child = spawn('python3', ['-c', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const receiver = new Receiver(path, child);
    const lines = createInterface({ input: child.stdout });
    await once(lines, 'line');
    lines.on('line', (line) => {
      const assignments = (JSON.parse(line) as string).split('\n').filter((text) => text !== '');
      // systemd-notify's own: it waits until the message was read.
      if (!assignments.includes('BARRIER=1')) receiver.received.push(assignments);
    });
    return receiver;
  }

  /** Says something to it, as another process. */
  async tell(assignment: string): Promise<void> {
    const say =
      'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(sys.argv[2].encode(), sys.argv[1])';
    await once(spawn('python3', ['-c', say, this.path, assignment], { stdio: 'inherit' }), 'exit');
  }

  /** How often this assignment came. */
  count(assignment: string): number {
    return this.received.filter((one) => one.includes(assignment)).length;
  }

  get last(): string[] | undefined {
    return this.received.at(-1);
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill();
    await ended;
  }
}
