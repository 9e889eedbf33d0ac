import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { listenOn } from '../../../sdk/access/listen.ts';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import type { Logger } from '../../../sdk/base/log.ts';
import { ConsoleSettings } from '../../../sdk/config/schema.ts';

const defaultPort: number = ConsoleSettings.properties.port.default;
const neighbours = 9;

/**
 * Listens. When the default port is taken (two nodes on one machine) a port near it is used, else any free one.
 *
 * @returns The port.
 * @throws InputError when a requested port is taken, or the address is not of this machine.
 */
export async function listen(server: Server, host: string, port: number, logger: Logger): Promise<number> {
  const others = port === defaultPort ? [...Array.from({ length: neighbours }, (_, i) => port + 1 + i), 0] : [];
  for (const candidate of [port, ...others]) {
    try {
      await listenOn(server, host, candidate);
      const used = (server.address() as AddressInfo).port;
      if (port !== 0 && used !== port) logger.warn(`page: port ${port} is taken, so it is on port ${used}`);
      return used;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE' && candidate !== others.at(-1) && others.length > 0) {
        continue;
      }
      throw new InputError(`the page cannot listen on ${host} port ${candidate}: ${reason(error)}`);
    }
  }
  throw new InputError(`the page cannot listen on ${host}: no port is free`);
}

function reason(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return 'another program uses it; choose another one with console.port (0 picks a free one)';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'this machine has no such address; set console.host to one it has, or to 0.0.0.0 for all';
    case 'EACCES':
      return 'ports below 1024 need root; choose a higher one with console.port';
    default:
      return messageOf(error);
  }
}

/** The address a person opens. */
export function pageUrl(host: string, port: number): string {
  const any = host === '0.0.0.0' || host === '::';
  const name = any ? (networkAddress() ?? 'localhost') : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}/`;
}

function networkAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flat()
    .find((address) => address && !address.internal && address.family === 'IPv4')?.address;
}
