import type { Server, Socket } from 'node:net';
import { networkOf } from './network.ts';

/** Closes connections of one network beyond a limit at once, so that it cannot use up everybody else's. */
export function boundConnections(server: Server, perNetwork: number): void {
  const counts = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const network = networkOf(socket.remoteAddress ?? '');
    const count = (counts.get(network) ?? 0) + 1;
    if (count > perNetwork) {
      socket.destroy();
      return;
    }
    counts.set(network, count);
    socket.once('close', () => {
      const left = counts.get(network)! - 1;
      if (left === 0) counts.delete(network);
      else counts.set(network, left);
    });
  });
}
