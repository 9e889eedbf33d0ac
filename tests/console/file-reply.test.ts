import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { sendFile } from '../../tools/console/server/file-reply.ts';
import type { HttpError } from '../../tools/console/server/reply.ts';
import { closing } from '../support/closing.ts';
import { temporaryFolder } from '../support/folders.ts';

describe('a file in parts', () => {
  let url: string;
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251));
  beforeEach(async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'clip.mp4'), bytes);
    const server = createServer((request, response) => {
      sendFile(request, response, join(folder, request.url!.slice(1)), 'video/mp4').catch((error: HttpError) => {
        response.writeHead(error.status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing(server, async () => void server.close());
    const { port } = server.address() as { port: number };
    url = `http://127.0.0.1:${port}/`;
  });

  async function asked(range?: string, method = 'GET') {
    const response = await fetch(`${url}clip.mp4`, { method, headers: range === undefined ? {} : { range } });
    const { status, headers } = response;
    return { status, of: headers.get('content-range'), body: Buffer.from(await response.arrayBuffer()), headers };
  }

  it.each([
    ['bytes=0-', 0, 999],
    ['bytes=0-0', 0, 0],
    ['bytes=200-299', 200, 299],
    ['bytes=990-5000', 990, 999],
    ['bytes=-10', 990, 999],
    ['bytes=-5000', 0, 999],
  ])('%s', async (range, start, end) => {
    const { status, of, body, headers } = await asked(range);
    expect([status, of, headers.get('content-type')]).toEqual([206, `bytes ${start}-${end}/1000`, 'video/mp4']);
    expect(body).toEqual(bytes.subarray(start, end + 1));
  });

  it.each(['bytes=1000-', 'bytes=99999999999-', 'bytes=-0'])('none of %s', async (range) => {
    const { status, of, body } = await asked(range);
    expect([status, of, body.length]).toEqual([416, 'bytes */1000', 0]);
  });

  it.each([
    undefined,
    'bytes=',
    'bytes=-',
    'bytes=5-2',
    'bytes=0-1,5-6',
    'items=0-5',
    'bytes=a-b',
    `bytes=${'9'.repeat(40)}-`,
  ])('all of it for %s', async (range) => {
    const { status, body, headers } = await asked(range);
    expect([status, headers.get('accept-ranges')]).toEqual([200, 'bytes']);
    expect(body).toEqual(bytes);
  });

  it('its head alone, and 404 where it is gone', async () => {
    const { status, body, headers } = await asked(undefined, 'HEAD');
    expect([status, headers.get('content-length'), body.length]).toEqual([200, '1000', 0]);
    expect((await fetch(`${url}other.mp4`)).status).toBe(404);
  });
});
