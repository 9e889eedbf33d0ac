import type { IncomingMessage } from 'node:http';
import { composed } from '../../../../sdk/base/composed.ts';
import { toWire } from '../../../../sdk/base/wire.ts';
import type { Aside } from '../../../../sdk/learn/asides.ts';
import type { TrackView } from '../../../../sdk/learn/camera/track-views.ts';
import type { Change, Taught } from '../../../../sdk/learn/learner.ts';
import { type CutTarget, type Example, objectHead } from '../../../../sdk/learn/ledger/example.ts';
import type { NodeLearning } from '../../../../sdk/learn/node-learning.ts';
import type { AsideState, ExamplePage, Looks, NearMissState, TaughtAnswer, Undoable } from '../../protocol.ts';
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
  picturesRequest,
  relabelRequest,
  rollbackRequest,
  settleRequest,
  teachRequest,
  undoRequest,
  withdrawRequest,
} from './requests.ts';
import { ShownLooks } from './shown-looks.ts';
import { learningState, taughtAnswer } from './state.ts';
import { type Touched, UndoShelf } from './undo-shelf.ts';

export const learningPath = '/api/learning';
const mostNearMisses = 24;
/** Concurrent changes: each may run the network, and trains. */
const mostAtOnce = 8;
/** Earlier pictures beside the one that contradicts them. */
const mostAgainst = 3;

/** The learning routes of the page; docs/console.md documents them. */
export class LearningRoutes {
  readonly #learning: NodeLearning;
  readonly #shelf = new LookShelf();
  readonly #shown = new ShownLooks();
  readonly #undos: UndoShelf;
  readonly #fixed: ReadonlyMap<string, Methods>;
  #underWay = 0;

  constructor(learning: NodeLearning, node: string) {
    this.#learning = learning;
    this.#undos = new UndoShelf(learning);
    const change = (carryOut: (body: unknown) => Promise<unknown>): Methods => ({ POST: this.#changing(carryOut) });
    this.#fixed = new Map<string, Methods>([
      ['', { GET: (q, r) => sendJson(q, r, 200, learningState(learning, node)) }],
      ['/teach', change((body) => this.#teach(body))],
      ['/relabel', change((body) => this.#relabel(body))],
      ['/forget', change((body) => this.#forget(body))],
      ['/settle', change((body) => this.#settle(body))],
      ['/undo', change(async (body) => this.#undos.takeBack(undoRequest(body).undo))],
      ['/pictures', change(async (body) => learning.keepPictures(picturesRequest(body).keep))],
      ['/asides', { GET: async (q, r) => sendJson(q, r, 200, await this.#asides()) }],
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
    const aside = /^\/asides\/([^/]+)\.jpg$/.exec(path);
    if (aside) return this.#picture(() => this.#asidePicture(decoded(aside[1]!)));
    const held = /^\/looks\/([^/]+)\.jpg$/.exec(path);
    if (held) return this.#picture(() => this.#shelf.get(decoded(held[1]!))?.looks[0]?.picture);
    const look = /^\/looks\/([^/]+)\/(\d{1,15})\/(\d{1,15}(?:\.\d{1,15})?)\.jpg$/.exec(path);
    if (!look) return undefined;
    const [camera, track, timeMs] = [decoded(look[1]!), Number(look[2]), Number(look[3])];
    return this.#picture(
      () => this.#shown.get(lookUrl(camera, track, timeMs)) ?? this.#viewOf(camera, track, timeMs)?.jpeg,
    );
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
    if (!('look' in subject)) return this.#teaching(() => this.#learning.teach({ ...as, subject }));
    const held = this.#shelf.get(subject.look);
    if (held?.camera !== as.camera) throw new HttpError(404, 'that look is no longer held: draw the box again');
    const { anyway, ...meaning } = as;
    const answer = await this.#teaching(() =>
      this.#learning.teachLooks(held.looks, { ...meaning, head: objectHead }, { anyway }),
    );
    this.#shelf.drop(subject.look);
    return answer;
  }

  async #teaching(work: () => Promise<Taught>, touched: Touched = {}): Promise<TaughtAnswer> {
    const { result, undo } = await this.#undos.changing(touched, work, (taught) => taught);
    const { added, aside } = result;
    const isNews = added.length > 0 || aside !== undefined || touched.aside !== undefined;
    return this.#answer(result, {
      examples: result.examples.length,
      aside: aside ? await this.#asideState(aside) : null,
      undo: isNews ? undo : null,
    });
  }

  async #relabel(body: unknown): Promise<TaughtAnswer> {
    const { example, ...to } = relabelRequest(body);
    return this.#teaching(() => this.#learning.relabel(example, to), { examples: [example] });
  }

  async #settle(body: unknown): Promise<TaughtAnswer | Undoable> {
    const { aside, answer } = settleRequest(body);
    if (answer) return this.#teaching(async () => (await this.#learning.settle(aside, answer))!, { aside });
    const { undo } = await this.#undos.changing({ aside }, () => this.#learning.settle(aside));
    return { undo };
  }

  async #forget(body: unknown): Promise<{ forgotten: number } & Undoable> {
    const { target, reason } = forgetRequest(body);
    const examples = (await this.#learning.open()).ledger.examples().filter((one) => isMeant(one, target));
    const touched = { examples: examples.map(({ id }) => id) };
    const { result, undo } = await this.#undos.changing(touched, () => this.#learning.forget(target, reason));
    return { forgotten: result, undo };
  }

  async #asides(): Promise<AsideState[]> {
    return Promise.all(this.#learning.asides.map((aside) => this.#asideState(aside)));
  }

  async #asideState(aside: Aside): Promise<AsideState> {
    const { id, head, label, negative, takenFor, because, camera, timeMs, pictures } = aside;
    const shown = aside.against.slice(0, mostAgainst);
    const against = shown.map(async (example) => ({
      id: example,
      picture: (await this.#learning.thumbnail(example)) ? `${learningPath}/examples/${example}/thumbnail.jpg` : null,
    }));
    return {
      ...{ id, head, label, negative, because, camera, time: timeMs, taken_for: takenFor },
      picture: pictures > 0 ? `${learningPath}/asides/${id}.jpg` : null,
      against: await Promise.all(against),
    };
  }

  async #asidePicture(id: string): Promise<Uint8Array | undefined> {
    const { asides } = (await this.#learning.open()).lessons;
    if (!asides.all.some((one) => one.id === id)) return undefined;
    return (await asides.looks(id)).find(({ thumbnail }) => thumbnail)?.thumbnail;
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
    return { looks: learning.viewsOf({ track }).map((view) => ({ url: this.#show(camera, track, view) })) };
  }

  #viewOf(camera: string, track: number, timeMs: number): TrackView | undefined {
    return this.#learning.cameras
      .get(camera)
      ?.viewsOf({ track })
      .find((view) => view.timeMs === timeMs);
  }

  /** @returns The address of its picture. */
  #show(camera: string, track: number, { timeMs, jpeg }: TrackView): string {
    const url = lookUrl(camera, track, timeMs);
    this.#shown.hold(url, jpeg);
    return url;
  }

  #nearMisses(): NearMissState[] {
    return this.#learning.nearMisses
      .slice(0, mostNearMisses)
      .map(({ camera, trackId, timeMs, prediction, likely, doubt }) => ({
        camera,
        track: trackId,
        time: timeMs,
        ...prediction,
        ...{ likely: [...likely], doubt },
        picture: lookUrl(camera, trackId, timeMs),
      }));
  }

  async #examples(parameters: URLSearchParams): Promise<ExamplePage> {
    const query = exampleQuery(parameters);
    const found = await this.#learning.examples({ ...query, limit: query.limit + 1 });
    const examples = found.slice(0, query.limit);
    return { examples: toWire(examples), next: found.length > query.limit ? query.offset + query.limit : null };
  }

  #answer({ head, outcome }: Change, more: Partial<TaughtAnswer> = {}): TaughtAnswer {
    const { examples, aside, undo } = more;
    const reason = outcome.taken ? undefined : outcome.reason;
    return taughtAnswer(this.#learning, head, { examples, aside, undo, reason });
  }
}

function lookUrl(camera: string, track: number, timeMs: number): string {
  return `${learningPath}/looks/${encodeURIComponent(camera)}/${track}/${timeMs}.jpg`;
}

function isMeant({ id, head, label, node }: Example, target: CutTarget): boolean {
  if ('example' in target) return id === target.example;
  if ('node' in target) return node === target.node;
  return head === target.head && label === composed(target.label);
}
