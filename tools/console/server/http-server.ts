import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { boundConnections } from '../../../sdk/access/connections.ts';

export interface ServerLimits {
  /** Time for all headers to arrive, and for the whole body. */
  headersMs: number;
  requestMs: number;
  /** Idle time between two requests, and without a byte in either direction. */
  keepAliveMs: number;
  silenceMs: number;
  connections: number;
  connectionsOfNetwork: number;
  /** Requests of one connection that may wait for their answers. */
  pipelined: number;
}

export const defaultLimits: ServerLimits = {
  headersMs: 10_000,
  requestMs: 15_000,
  keepAliveMs: 5_000,
  silenceMs: 30_000,
  connections: 128,
  connectionsOfNetwork: 64,
  pipelined: 32,
};

const maxHeaderBytes = 8 * 1024;

/** A server of which no client can take more than its share, however slow or fast it is. */
export function boundedServer(answer: RequestListener, limits: ServerLimits = defaultLimits): Server {
  const waiting = new WeakMap<Socket, number>();
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      // How often the two are checked; by default twice a minute.
      connectionsCheckingInterval: Math.min(2000, limits.headersMs),
      maxHeaderSize: maxHeaderBytes,
    },
    (request, response) => {
      // A client that leaves in the middle of an answer.
      response.on('error', () => {});
      const { socket } = request;
      const count = (waiting.get(socket) ?? 0) + 1;
      if (count > limits.pipelined) {
        // Node hands over all requests of a chunk at once; each holds memory until it is answered.
        socket.destroy();
        return;
      }
      waiting.set(socket, count);
      response.once('close', () => waiting.set(socket, waiting.get(socket)! - 1));
      answer(request, response);
    },
  );
  server.timeout = limits.silenceMs;
  server.maxConnections = limits.connections;
  boundConnections(server, limits.connectionsOfNetwork);
  return server;
}
