import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Client, type ClientHooks, maxUnsentBytes, maxUnsentFrameBytes } from '../../tools/console/server/client.ts';
import { LiveFeed } from '../../tools/console/server/live-feed.ts';
import { greyFrame } from './fakes.ts';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

const hooks: ClientHooks = { watch() {}, unwatch() {}, left() {} };

/** A client and the two ends of its connection; its page reads nothing. */
async function stuckClient({ hooks: given = hooks, autoPong = true } = {}) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, autoPong });
  await once(server, 'listening');
  const page = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [[socket]] = (await Promise.all([once(server, 'connection'), once(page, 'open')])) as [[WebSocket], unknown];
  page.pause();
  open.push(() => {
    page.terminate();
    server.close();
  });
  return { socket, page, client: new Client(socket, given) };
}

describe('Client', () => {
  it('is sent no more frames once it does not take them, however many come', async () => {
    const { socket, client } = await stuckClient();
    const size = 2_000_000;
    let encoded = 0;
    const feed = new LiveFeed('door', {
      encode: async () => {
        encoded++;
        return Buffer.alloc(size);
      },
      onError: () => {},
    });
    feed.watch(client, { maxHeight: 360, fps: 15 });
    const offer = async (sequence: number) => {
      feed.offer({ frame: greyFrame(sequence).frame, tracks: [], inferred: true, moving: true });
      await new Promise((resolve) => setTimeout(resolve, 70));
    };
    // The kernel takes some megabytes before anything waits here.
    for (let i = 0; client.ready && i < 200; i++) await offer(i);
    expect(client.ready).toBe(false);
    const before = encoded;
    for (let i = 0; i < 5; i++) await offer(1000 + i);
    expect(encoded).toBe(before);
    expect(socket.bufferedAmount).toBeLessThan(maxUnsentFrameBytes + size + 1000);
  });

  it('is cut off when what it must be told does not go out', async () => {
    const { client, socket } = await stuckClient();
    const closed = once(socket, 'close');
    const text = 'x'.repeat(100_000);
    let sent = 0;
    while (socket.readyState === socket.OPEN && sent < 1000) {
      client.sendText(text);
      sent++;
      expect(socket.bufferedAmount).toBeLessThan(maxUnsentBytes + 2 * text.length);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await closed;
    expect(sent).toBeLessThan(1000);
  });

  it('is cut off when it does not answer a ping', async () => {
    const { client, socket } = await stuckClient();
    client.check();
    expect(socket.readyState).toBe(socket.OPEN);
    const closed = once(socket, 'close');
    client.check();
    await closed;
  });

  it('answers no pings of a page that reads nothing, however many come', async () => {
    const { socket, page } = await stuckClient({ autoPong: false });
    for (let i = 0; i < 20_000; i++) page.ping('x'.repeat(125));
    await expect.poll(() => socket.isPaused).toBe(true);
    expect(socket.bufferedAmount).toBeLessThan(maxUnsentFrameBytes);
  });

  it('reads a flood no faster than its rate, and all of it in the end', async () => {
    let watched = 0;
    const counting = { ...hooks, unwatch: () => void watched++ };
    const { socket, page } = await stuckClient({ hooks: counting });
    const count = 150;
    for (let i = 0; i < count; i++) page.send('{"type":"unwatch","camera":"door"}');
    await expect.poll(() => socket.isPaused).toBe(true);
    await expect.poll(() => watched, { timeout: 300_000 }).toBe(count);
    await expect.poll(() => socket.isPaused).toBe(false);
  });
});
