import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below what Linux gives to connections and to who asks for any port: nobody else gets one of these between its uses. */
const [first, last] = [20_000, 32_000];
/** Processes of the tests begin at different places. */
let next = first + ((process.pid * 61) % (last - first));

/** A port of the loopback address for a server that must know it before it starts, or that starts on it again later. */
export async function freePort(): Promise<number> {
  for (let tries = first; tries < last; tries++) {
    const port = next++;
    if (next === last) next = first;
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
  throw new Error(`expected a free port from ${first} to ${last - 1}, found none`);
}
