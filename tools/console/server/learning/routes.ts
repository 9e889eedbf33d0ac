import type { IncomingMessage } from 'node:http';
import { toWire } from '../../../../sdk/base/wire.ts';
import type { Change } from '../../../../sdk/learn/learner.ts';
import { ContradictionError } from '../../../../sdk/learn/ledger/contradictions.ts';
import { objectHead } from '../../../../sdk/learn/ledger/example.ts';
import type { NodeLearning } from '../../../../sdk/learn/node-learning.ts';
import type { ExamplePage, Looks, NearMissState, TaughtAnswer } from '../../protocol.ts';
import type { Handler, Methods } from '../handler.ts';
import { readJson } from '../json-body.ts';
import { HttpError, sendJpeg, sendJson } from '../reply.ts';
import { LookShelf } from './look-shelf.ts';
import {
  acceptRequest,
  exampleQuery,
  forgetRequest,
  holdRequest,
  looksQuery,
  relabelRequest,
  rollbackRequest,
  teachRequest,
  withdrawRequest,
} from './requests.ts';
import { learningState, taughtAnswer } from './state.ts';

export const learningPath = '/api/learning';
const mostNearMisses = 24;
/** Concurrent changes: each may run the network, and trains. */
const mostAtOnce = 8;

/** The learning routes of the page; docs/console.md documents them. */
export class LearningRoutes {
  readonly #learning: NodeLearning;
  readonly #shelf = new LookShelf();
  readonly #fixed: ReadonlyMap<string, Methods>;
  #underWay = 0;

  constructor(learning: NodeLearning, node: string) {
    this.#learning = learning;
    const change = (carryOut: (body: unknown) => Promise<unknown>): Methods => ({ POST: this.#changing(carryOut) });
    this.#fixed = new Map<string, Methods>([
      ['', { GET: (q, r) => sendJson(q, r, 200, learningState(learning, node)) }],
      ['/teach', change((body) => this.#teach(body))],
      ['/relabel', change((body) => this.#relabel(body))],
      ['/forget', change((body) => this.#forget(body))],
      ['/withdraw', change(async (body) => learning.withdraw(withdrawRequest(body).cut))],
      ['/rollback', change((body) => this.#rollback(body))],
      ['/accept', change(async (body) => this.#answer(await learning.accept(acceptRequest(body).head)))],
      [
        '/looks',
        {
          GET: (q, r, url) => sendJson(q, r, 200, this.#looks(url.searchParams)),
          POST: this.#changing((body) => this.#hold(body)),
        },
      ],
      ['/near-misses', { GET: (q, r) => sendJson(q, r, 200, this.#nearMisses()) }],
      ['/examples', { GET: async (q, r, url) => sendJson(q, r, 200, await this.#examples(url.searchParams)) }],
    ]);
  }

  /** @param path Below `/api/learning`; its parts are not decoded yet. */
  find(path: string, decoded: (part: string) => string): Methods | undefined {
    const fixed = this.#fixed.get(path);
    if (fixed) return fixed;
    const thumbnail = /^\/examples\/([^/]+)\/thumbnail\.jpg$/.exec(path);
    if (thumbnail) return this.#picture(() => this.#learning.thumbnail(decoded(thumbnail[1]!)));
    const held = /^\/looks\/([^/]+)\.jpg$/.exec(path);
    if (held) return this.#picture(() => this.#shelf.get(decoded(held[1]!))?.looks[0]?.picture);
    const look = /^\/looks\/([^/]+)\/(\d{1,15})\/(\d{1,15}(?:\.\d{1,15})?)\.jpg$/.exec(path);
    if (!look) return undefined;
    return this.#picture(() => {
      const views = this.#learning.cameras.get(decoded(look[1]!))?.viewsOf({ track: Number(look[2]) });
      return views?.find(({ timeMs }) => String(timeMs) === look[3])?.jpeg;
    });
  }

  #changing(carryOut: (body: unknown) => Promise<unknown>): Handler {
    return async (request: IncomingMessage, response) => {
      const body = await readJson(request);
      if (this.#underWay >= mostAtOnce) {
        throw new HttpError(503, 'others are teaching at the moment: try again', { 'Retry-After': '1' });
      }
      this.#underWay++;
      try {
        sendJson(request, response, 200, (await carryOut(body)) ?? {});
      } catch (error) {
        // The page then asks, and repeats the request with `anyway`.
        throw error instanceof ContradictionError ? new HttpError(409, error.message) : error;
      } finally {
        this.#underWay--;
      }
    };
  }

  #picture(find: () => Promise<Uint8Array | undefined> | Uint8Array | undefined): Methods {
    return {
      GET: async (request, response) => {
        const jpeg = await find();
        if (!jpeg) throw new HttpError(404, 'there is no such picture, or it is no longer held');
        sendJpeg(request, response, Buffer.from(jpeg), 'no-store');
      },
    };
  }

  async #teach(body: unknown): Promise<TaughtAnswer> {
    const { subject, ...as } = teachRequest(body);
    if (!('look' in subject)) {
      const taught = await this.#learning.teach({ ...as, subject });
      return this.#answer(taught, taught.examples.length);
    }
    const held = this.#shelf.get(subject.look);
    if (held?.camera !== as.camera) throw new HttpError(404, 'that look is no longer held: draw the box again');
    const { anyway, ...meaning } = as;
    const taught = await this.#learning.teachLooks(held.looks, { ...meaning, head: objectHead }, { anyway });
    this.#shelf.drop(subject.look);
    return this.#answer(taught, taught.examples.length);
  }

  async #relabel(body: unknown): Promise<TaughtAnswer> {
    const { example, ...to } = relabelRequest(body);
    return this.#answer(await this.#learning.relabel(example, to));
  }

  async #forget(body: unknown): Promise<{ forgotten: number }> {
    const { target, reason } = forgetRequest(body);
    return { forgotten: await this.#learning.forget(target, reason) };
  }

  async #rollback(body: unknown): Promise<TaughtAnswer> {
    const { head, version } = rollbackRequest(body);
    return this.#answer(await this.#learning.rollback(head, version));
  }

  async #hold(body: unknown): Promise<Looks> {
    const { camera, box } = holdRequest(body);
    const looks = await this.#learning.camera(camera).looksAt({ box });
    const id = this.#shelf.hold({ camera, looks });
    return { id, looks: [{ url: `${learningPath}/looks/${id}.jpg` }] };
  }

  #looks(parameters: URLSearchParams): Looks {
    const { camera, of } = looksQuery(parameters);
    const learning = this.#learning.camera(camera);
    const track = 'track' in of ? of.track : learning.tracks.find(({ eventId }) => eventId === of.event)?.trackId;
    if (track === undefined) return { looks: [] };
    return { looks: learning.viewsOf({ track }).map(({ timeMs }) => ({ url: lookUrl(camera, track, timeMs) })) };
  }

  #nearMisses(): NearMissState[] {
    return this.#learning.nearMisses.slice(0, mostNearMisses).map(({ camera, trackId, timeMs, prediction }) => ({
      camera,
      track: trackId,
      time: timeMs,
      ...prediction,
      picture: lookUrl(camera, trackId, timeMs),
    }));
  }

  async #examples(parameters: URLSearchParams): Promise<ExamplePage> {
    const query = exampleQuery(parameters);
    const found = await this.#learning.examples({ ...query, limit: query.limit + 1 });
    const examples = found.slice(0, query.limit);
    return { examples: toWire(examples), next: found.length > query.limit ? query.offset + query.limit : null };
  }

  #answer({ head, outcome }: Change, examples = 0): TaughtAnswer {
    return taughtAnswer(this.#learning, head, examples, outcome.taken ? undefined : outcome.reason);
  }
}

function lookUrl(camera: string, track: number, timeMs: number): string {
  return `${learningPath}/looks/${encodeURIComponent(camera)}/${track}/${timeMs}.jpg`;
}
