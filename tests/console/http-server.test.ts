import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { boundedServer, defaultLimits, type ServerLimits } from '../../tools/console/server/http-server.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** Limits of the same kind, short enough to wait for. */
async function start(
  limits: Partial<ServerLimits>,
  answer: Parameters<typeof boundedServer>[0] = (_, response) => response.end('ok'),
) {
  const server = boundedServer(answer, { ...defaultLimits, ...limits });
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const open = () => connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
  return { server, open };
}

/** All that comes until the connection ends. */
async function untilClosed(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => (text += chunk));
  await once(socket, 'close');
  return text;
}

/** Writes a letter again and again for as long as the connection lives. */
function drip(socket: Socket, text: string): void {
  const timer = setInterval(() => socket.write(text), 20);
  socket.once('close', () => clearInterval(timer));
}

const get = 'GET / HTTP/1.1\r\nhost: localhost\r\n';

describe('boundedServer', () => {
  it('ends who never finishes the headers, and who never finishes the body', async () => {
    const { open } = await start({ headersMs: 200, requestMs: 300 }, (request, response) => {
      request.resume().on('end', () => response.end('ok'));
    });
    const headers = open();
    headers.write(get);
    drip(headers, 'x-a: b\r\n');
    expect(await untilClosed(headers)).toMatch(/^HTTP\/1.1 408|^$/);
    const body = open();
    body.write('POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n');
    drip(body, 'x');
    expect(await untilClosed(body)).toMatch(/^HTTP\/1.1 408|^$/);
  });

  it('ends who says nothing, and who takes nothing of its answer', async () => {
    let isAsked = false;
    const { server, open } = await start({ silenceMs: 200 }, (_, response) => {
      isAsked = true;
      response.end(Buffer.alloc(64 * 1024 * 1024));
    });
    await untilClosed(open());
    const deaf = open();
    deaf.write(`${get}\r\n`);
    deaf.pause();
    // Read only after the server has given up: it is not all there.
    await expect.poll(() => isAsked).toBe(true);
    await expect.poll(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count)))).toBe(0);
    expect((await untilClosed(deaf.resume())).length).toBeLessThan(64 * 1024 * 1024);
  });

  it('refuses headers beyond 8 KiB', async () => {
    const { open } = await start({});
    const socket = open();
    socket.write(`${get}x: ${'y'.repeat(9000)}\r\n\r\n`);
    expect(await untilClosed(socket)).toMatch(/^HTTP\/1.1 431 /);
  });

  it('ends who sends many requests before one is answered', async () => {
    let asked = 0;
    const { open } = await start({ pipelined: 10 }, () => asked++);
    const socket = open();
    socket.write(`${get}\r\n`.repeat(500));
    await untilClosed(socket);
    expect(asked).toBe(10);
  });

  it('answers as many one after the other as come', async () => {
    const { open } = await start({ pipelined: 10 });
    const socket = open();
    let answers = 0;
    socket.on('data', (chunk) => {
      answers += String(chunk).split('HTTP/1.1 200').length - 1;
    });
    for (let i = 0; i < 20; i++) {
      socket.write(`${get}\r\n`.repeat(10));
      await expect.poll(() => answers).toBe((i + 1) * 10);
    }
    socket.destroy();
  });

  it('takes a share of its connections from one address, and more again when some are gone', async () => {
    const { open } = await start({ connectionsOfNetwork: 5 });
    const sockets = Array.from({ length: 5 }, open);
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    expect(await untilClosed(open())).toBe('');
    sockets[0]!.destroy();
    await expect
      .poll(() => {
        const again = open();
        again.end(`${get}connection: close\r\n\r\n`);
        return untilClosed(again);
      })
      .toContain('200 OK');
  });
});
