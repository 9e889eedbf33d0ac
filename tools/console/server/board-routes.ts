import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { discoverCameras, findCameras } from '../../../devices/index.ts';
import { maskCredentials } from '../../../sdk/base/credentials.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { withoutMaskedSource } from '../../../sdk/config/masked-source.ts';
import { type CameraChange, CameraSettings, HistoryChange, Settings } from '../../../sdk/config/schema.ts';
import { hasReference } from '../../../sdk/config/secrets.ts';
import { validate } from '../../../sdk/config/validate.ts';
import type { BoardAnswer, FoundSources } from '../protocol.ts';
import type { Board, BoardChange, FindCameras } from './board.ts';
import type { Methods } from './handler.ts';
import { assertMatches, seenRevision } from './if-match.ts';
import { readJson } from './json-body.ts';
import { HttpError, sendJson } from './reply.ts';
import type { ConsoleCamera } from './source.ts';
import { SourceTrials } from './source-trials.ts';

const Name = Type.String({ ...Settings.properties.node, default: undefined });
const Source = Type.String({ minLength: 1, maxLength: CameraSettings.properties.source.maxLength! });
const strict = { additionalProperties: false };
const Nothing = Type.Object({}, strict);
const Added = Type.Object({ name: Name, source: Source }, strict);
const Named = Type.Object({ name: Name }, strict);
const Tried = Type.Object({ source: Source, camera: Type.Optional(Name) }, strict);
const Access = Type.Object(
  {
    password: Type.Optional(Type.Union([Type.String({ minLength: 8, maxLength: 256 }), Type.Null()])),
    network: Type.Optional(Type.Boolean()),
  },
  strict,
);

export interface BoardRoutesOptions {
  /** Undefined: sources are found and tried, and nothing is changed. */
  readonly board: Board | undefined;
  readonly cameras: ReadonlyMap<string, ConsoleCamera>;
  /** The address that people open when a proxy is in front. */
  readonly url: URL | undefined;
  readonly find: FindCameras | undefined;
  /** Of the state that the page shows: another one after each change of the board. */
  run(): string;
}

/** The routes by which the page changes what runs here; docs/console.md documents them. */
export class BoardRoutes {
  readonly #options: BoardRoutesOptions;
  readonly #trials: SourceTrials;

  constructor(options: BoardRoutesOptions) {
    this.#options = options;
    this.#trials = new SourceTrials(options.cameras);
  }

  find(path: string, decoded: (part: string) => string): Methods | undefined {
    if (path === '/api/sources') return { GET: (q, r, url) => this.#sources(q, r, url) };
    if (path === '/api/sources/try') return { POST: (q, r) => this.#try(q, r) };
    if (!this.#options.board) return undefined;
    if (path === '/api/cameras') return { POST: (q, r) => this.#add(q, r) };
    if (path === '/api/node') return { POST: (q, r) => this.#nameNode(q, r) };
    if (path === '/api/history') return { POST: (q, r) => this.#setHistory(q, r) };
    if (path === '/api/reload') return { POST: (q, r) => this.#reload(q, r) };
    if (path === '/api/access') return { POST: (q, r) => this.#setAccess(q, r) };
    const [, camera] = /^\/api\/cameras\/([^/]+)\/rename$/.exec(path) ?? [];
    if (camera === undefined) return undefined;
    return { POST: (q, r) => this.#rename(q, r, decoded(camera)) };
  }

  /** What can be done to a camera besides changing its settings. */
  of(camera: string): Methods {
    return this.#options.board ? { DELETE: (q, r) => this.#remove(q, r, camera) } : {};
  }

  async #remove(request: IncomingMessage, response: ServerResponse, camera: string): Promise<void> {
    const seen = seenRevision(request, this.#known(camera));
    await this.#change(request, response, { remove: camera, seen });
  }

  async #reload(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await read(request, Nothing);
    await this.#change(request, response, { reload: true });
  }

  async #sources(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const found = await (this.#options.find ?? find)(url.searchParams.get('network') === '1');
    const sources: FoundSources = {
      cameras: found.cameras.map(({ uri, title }) => ({ uri, title })),
      network: found.network.map(({ address, name = null, hardware = null }) => ({ address, name, hardware })),
    };
    sendJson(request, response, 200, sources);
  }

  async #try(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { source, camera } = await read(request, Tried);
    const of = camera === undefined ? undefined : this.#known(camera);
    // As the page shows it, with a masked password: the one that is read.
    const { source: other } = of ? withoutMaskedSource({ source }, of.settings) : { source };
    const wanted = other === undefined ? of!.settings.source : written({ source: other }).source;
    sendJson(request, response, 200, await this.#trials.run(wanted, of));
  }

  async #add(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { name, source } = await read(request, Added);
    await this.#change(request, response, { add: name, settings: written({ source }) });
  }

  async #rename(request: IncomingMessage, response: ServerResponse, camera: string): Promise<void> {
    this.#known(camera);
    const { name } = await read(request, Named);
    await this.#change(request, response, { rename: camera, to: name });
  }

  async #nameNode(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { name } = await read(request, Named);
    this.#assertSeen(request);
    await this.#change(request, response, { node: name });
  }

  async #setHistory(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const history = validate(HistoryChange, await readJson(request), 'history');
    this.#assertSeen(request);
    await this.#change(request, response, { history });
  }

  async #setAccess(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#isOnBoard(request)) {
      throw new HttpError(
        403,
        'the password and who reaches the page are set on the board itself: open http://127.0.0.1 there, or by ssh -L (docs/console.md)',
      );
    }
    const access = await read(request, Access);
    this.#assertSeen(request);
    await this.#change(request, response, { access });
  }

  #assertSeen(request: IncomingMessage): void {
    assertMatches(request, this.#options.run(), 'this board was');
  }

  /** From a program or browser of this machine, or through its ssh; a proxy on it speaks for others. */
  #isOnBoard({ socket, headers }: IncomingMessage): boolean {
    const { url } = this.#options;
    const isProxied =
      (url !== undefined && headers.host?.toLowerCase() === url.host) ||
      ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some((name) => headers[name] !== undefined);
    return !isProxied && /^(::ffff:)?127\.|^::1$/.test(socket.remoteAddress ?? '');
  }

  async #change(request: IncomingMessage, response: ServerResponse, change: BoardChange): Promise<void> {
    await this.#options.board!.change(change);
    const answer: BoardAnswer = { changed: true, run: this.#options.run() };
    sendJson(request, response, 200, answer);
  }

  #known(camera: string): ConsoleCamera {
    const known = this.#options.cameras.get(camera);
    if (!known) throw new HttpError(404, `there is no camera ${camera}`);
    return known;
  }
}

const find: FindCameras = async (network) => {
  const [cameras, answered] = await Promise.all([findCameras(), network ? discoverCameras() : []]);
  return { cameras, network: answered };
};

async function read<T extends TSchema>(request: IncomingMessage, schema: T): Promise<Static<T>> {
  return validate(schema, await readJson(request), 'what was asked for') as Static<T>;
}

/** @throws InputError for a source that was copied from a page, or that refers to a secret. */
function written(change: CameraChange & { source: string }): CameraChange & { source: string } {
  if (hasReference(change.source)) {
    throw new InputError(
      'source: a reference to a secret (with $ and braces) is looked up in the settings file only: write it there',
    );
  }
  if (change.source.includes('***')) {
    throw new InputError(
      `source: the password is not shown here (${maskCredentials(change.source)}); write it in full in place of ***`,
    );
  }
  return change;
}
