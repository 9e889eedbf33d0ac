import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { credential } from './guest.ts';

/** What a script of the shell printed and how it ended. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** This machine's loopback address, as an emulated board sees it. */
const host = '10.0.2.2';

/**
 * Runs scripts in an emulated board, as root. A unit that fetches them from this machine reaches systemd by the kernel's command
 * line, so that nothing of it lies on the card.
 */
export class Remote {
  readonly #server: Server;
  readonly #folders = new Map<string, (name: string) => Buffer | undefined>();
  readonly #waiting: { script: string; tell: (said: Said) => void }[] = [];
  #running: ((said: Said) => void) | undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Remote> {
    const server = createServer((request, response) => void remote.#answer(request, response));
    const remote = new Remote(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return remote;
  }

  /** Its address for the guest. */
  get url(): string {
    return `http://${host}:${(this.#server.address() as AddressInfo).port}`;
  }

  /** More of the kernel's command line. */
  get append(): string {
    const start = `until busybox wget -q -O /run/remote.cjs ${this.url}/agent; do sleep 1; done; exec node /run/remote.cjs`;
    const unit = `[Service]\nExecStart=/bin/sh -c '${start}'\n`;
    return `${credential('systemd.extra-unit.remote.service', unit)} systemd.wants=remote.service`;
  }

  /** Files that the guest can fetch below `/NAME/`. */
  serve(name: string, read: (file: string) => Buffer | undefined): void {
    this.#folders.set(name, read);
  }

  /** Runs a script to its end; the guest need not be there yet. Of one that restarts the board nothing comes back. */
  run(script: string): Promise<Said> {
    return new Promise((tell) => this.#waiting.push({ script, tell }));
  }

  /** The same, whose output alone is of interest. @throws Error when it fails. */
  async output(script: string): Promise<string> {
    const { code, out, err } = await this.run(script);
    if (code !== 0) throw new Error(`${script}\nended with ${code}: ${out}${err}`);
    return out.trim();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, first = '', second = ''] = (request.url ?? '').split('/');
    if (first === 'agent') return void response.end(agent(this.url));
    if (first === 'said') {
      const said = JSON.parse(await text(request)) as Said;
      this.#running?.(said);
      this.#running = undefined;
      return void response.end();
    }
    if (first === 'script') {
      const next = this.#waiting.shift();
      this.#running = next?.tell;
      return void response.end(next?.script ?? '');
    }
    const bytes = this.#folders.get(first)?.(decodeURIComponent(second));
    if (bytes === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  }
}

/** What runs in the guest. */
const agent = (url: string) => `
const { execFile } = require('node:child_process');
const run = (script) => new Promise((resolve) => {
  execFile('/bin/sh', ['-c', script], { maxBuffer: 1 << 24 }, (error, out, err) => resolve({ code: error ? error.code || 1 : 0, out, err }));
});
(async () => {
  for (;;) {
    try {
      const script = await (await fetch('${url}/script')).text();
      if (script !== '') await fetch('${url}/said', { method: 'POST', body: JSON.stringify(await run(script)) });
    } catch {}
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
})();
`;
