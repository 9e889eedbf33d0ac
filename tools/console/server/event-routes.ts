import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Settings } from '../../../sdk/config/schema.ts';
import type { HistoryQuery } from '../../../sdk/history/stored-event.ts';
import type { EventDays } from '../protocol.ts';
import { eventQuery, removeRequest } from './event-query.ts';
import { sendFile } from './file-reply.ts';
import type { Methods } from './handler.ts';
import { readJson } from './json-body.ts';
import { HttpError, sendJpeg, sendJson } from './reply.ts';
import type { ConsoleNode } from './source.ts';

export const eventsPath = '/api/events';
/** Events of a download that are read at once. */
const pageSize = 100;

/** The routes of past events; docs/console.md documents them. */
export class EventRoutes {
  readonly #history: ConsoleNode['history'];
  readonly #limits: Pick<Settings['history'], 'days' | 'megabytes'>;

  constructor(history: ConsoleNode['history'], limits: Settings['history']) {
    this.#history = history;
    this.#limits = { days: limits.days, megabytes: limits.megabytes };
  }

  /** @param path Below `/api/events`; its parts are not decoded yet. */
  find(path: string, decoded: (part: string) => string): Methods | undefined {
    if (path === '') {
      return { GET: async (q, r, url) => sendJson(q, r, 200, await this.#history.list(eventQuery(url.searchParams))) };
    }
    if (path === '/days') return { GET: async (q, r) => sendJson(q, r, 200, await this.#days()) };
    if (path === '/remove') return { POST: (q, r) => this.#remove(q, r) };
    if (path === '/export.json') return { GET: (q, r, url) => this.#export(q, r, eventQuery(url.searchParams)) };
    const [, event, what] = /^\/([^/]+?)(\/snapshot\.jpg|\/clip\.mp4)?$/.exec(path) ?? [];
    if (event === undefined) return undefined;
    const id = decoded(event);
    if (what === '/snapshot.jpg') return { GET: (q, r) => this.#picture(q, r, id) };
    if (what === '/clip.mp4') return { GET: (q, r) => this.#clip(q, r, id) };
    return { GET: (q, r) => this.#one(q, r, id) };
  }

  async #days(): Promise<EventDays> {
    const { isKept: kept, trouble = null } = this.#history;
    return { days: await this.#history.days(), kept, trouble, limits: this.#limits };
  }

  async #remove(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const removed = await this.#history.remove(removeRequest(await readJson(request)));
    sendJson(request, response, 200, { removed });
  }

  async #one(request: IncomingMessage, response: ServerResponse, id: string): Promise<void> {
    const event = await this.#history.find(id);
    if (!event) throw new HttpError(404, 'there is no such event, or it is no longer kept');
    sendJson(request, response, 200, event);
  }

  async #picture(request: IncomingMessage, response: ServerResponse, id: string): Promise<void> {
    const jpeg = await this.#history.picture(id);
    if (!jpeg) throw new HttpError(404, 'there is no picture of such an event, or it is no longer kept');
    // The page includes the picture's number, so a newer one has another address.
    const numbered = request.url?.includes('?v=');
    sendJpeg(request, response, jpeg, numbered ? 'private, max-age=3600, immutable' : 'no-store');
  }

  async #clip(request: IncomingMessage, response: ServerResponse, id: string): Promise<void> {
    const path = await this.#history.clip(id);
    if (path === undefined) throw new HttpError(404, 'there is no clip of such an event, or it is no longer kept');
    await sendFile(request, response, path, 'video/mp4');
  }

  /** All pages as one file. */
  async #export(request: IncomingMessage, response: ServerResponse, query: HistoryQuery): Promise<void> {
    response.writeHead(200, {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Disposition': `attachment; filename="events${query.day === undefined ? '' : `-${query.day}`}.json"`,
      'Cache-Control': 'no-store',
    });
    if (request.method === 'HEAD') return void response.end();
    response.write('[');
    let { before } = query;
    for (let isFirst = true; !response.destroyed; isFirst = false) {
      const { events, next } = await this.#history.list({ ...query, limit: pageSize, ...(before && { before }) });
      const text = events.map((event) => JSON.stringify(event)).join(',\n');
      const wanted = `${isFirst || events.length === 0 ? '' : ',\n'}${text}`;
      if (!response.write(wanted) && !response.destroyed)
        await Promise.race([once(response, 'drain'), once(response, 'close')]);
      if (next === null) break;
      before = next;
    }
    response.end(']\n');
  }
}
