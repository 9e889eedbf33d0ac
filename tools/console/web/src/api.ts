import type {
  AsideState,
  BoardAnswer,
  CameraChange,
  CameraState,
  EventDays,
  ExamplePage,
  FoundSources,
  HistoryChange,
  HistoryPage,
  Looks,
  NearMissState,
  SessionState,
  SetupAnswer,
  SetupState,
  SizeState,
  StaleAnswer,
  StoredEvent,
  TaughtAnswer,
  TriedSource,
  Undoable,
  WhyState,
} from '../../protocol.ts';
import { heard } from './plain.ts';

/** Which events; all that is given has to fit. */
export interface EventFilter {
  camera?: string | undefined;
  label?: string | undefined;
  name?: string | undefined;
  zone?: string | undefined;
  day?: string | undefined;
}

export async function fetchEvents(query: EventFilter & { limit?: number; before?: string }): Promise<HistoryPage> {
  return get('/api/events', { ...query });
}

/** @throws ApiError with status 404 where it is not kept any more. */
export function fetchEvent(id: string): Promise<StoredEvent> {
  return get(`/api/events/${encodeURIComponent(id)}`);
}

export function fetchEventDays(): Promise<EventDays> {
  return get('/api/events/days');
}

export function removeEvents(which: { id: string } | { day: string } | { all: true }): Promise<{ removed: number }> {
  return send('POST', '/api/events/remove', which);
}

/** Address of a file with all these events. */
export function exportOf(filter: EventFilter): string {
  const text = queryOf({ ...filter });
  return `/api/events/export.json${text && `?${text}`}`;
}

export const eventFile = ({ id }: StoredEvent): string => `/api/events/${encodeURIComponent(id)}`;

/**
 * Changes a camera's settings. To save what somebody chose, use `saveCamera`.
 *
 * @param revision Of the settings that it is a change of.
 * @throws StaleError when they are others by now; ApiError with the server's message.
 */
export async function patchCamera(camera: string, change: CameraChange, revision: number): Promise<CameraState> {
  try {
    return await send('PATCH', cameraPath(camera), change, revision);
  } catch (error) {
    if (error instanceof ApiError && error.status === 412) throw new StaleError(error.body as StaleAnswer);
    throw error;
  }
}

const cameraPath = (camera: string) => `/api/cameras/${encodeURIComponent(camera)}`;

/** Looks at a source, as a camera would, without saving it. @param camera Whose other settings it is opened with. */
export function trySource(source: string, camera?: string): Promise<TriedSource> {
  return send('POST', '/api/sources/try', camera === undefined ? { source } : { source, camera });
}

/** Cameras that were found. @param network Also those that answer in the network, which takes two seconds. */
export function fetchSources(network: boolean): Promise<FoundSources> {
  return get('/api/sources', network ? { network: 1 } : {});
}

/** @throws Error with the reason, as all that follow: nothing was changed then. */
export function addCamera(name: string, source: string): Promise<unknown> {
  return send('POST', '/api/cameras', { name, source });
}

export function renameCamera(camera: string, name: string): Promise<unknown> {
  return send('POST', `${cameraPath(camera)}/rename`, { name });
}

/** @param revision Of its settings, as they were seen. */
export function removeCamera(camera: string, revision: number): Promise<unknown> {
  return send('DELETE', cameraPath(camera), {}, revision);
}

/** @param run Of the state that was seen. */
export function renameNode(name: string, run: string): Promise<BoardAnswer> {
  return send('POST', '/api/node', { name }, run);
}

export function setAccess(access: { password?: string | null; network?: boolean }, run: string): Promise<BoardAnswer> {
  return send('POST', '/api/access', access, run);
}

export function setHistory(history: HistoryChange, run: string): Promise<BoardAnswer> {
  return send('POST', '/api/history', history, run);
}

/** Runs by what others wrote to the settings file. */
export function reload(): Promise<unknown> {
  return send('POST', '/api/reload', {});
}

/** What became of each object of the last minutes. */
export function fetchWhy(camera: string): Promise<WhyState> {
  return get(`${cameraPath(camera)}/why`);
}

/** Where things of which size were seen in a camera's view. */
export async function fetchSizes(camera: string): Promise<SizeState[]> {
  return (await get<{ sizes: SizeState[] }>(`/api/cameras/${encodeURIComponent(camera)}/sizes`)).sizes;
}

/** Whether a login is needed, and whether there is one. */
export async function fetchSession(): Promise<SessionState> {
  return get('/api/session');
}

/** What was wrong in the files on the card of a board without settings. */
export async function fetchSetup(): Promise<SetupState> {
  return get('/api/setup');
}

/** Gives a board its first settings. @throws Error with the reason. */
export function setUp(code: string, settings: object): Promise<SetupAnswer> {
  return send('POST', '/api/setup', { code, settings });
}

/** @throws Error with the reason. */
export function logIn(password: string): Promise<SessionState> {
  return send('POST', '/api/session', { password });
}

export function logOut(): Promise<SessionState> {
  return send('DELETE', '/api/session', {});
}

/** Something that can be taught: a current or former track, a drawn box, or the whole view. */
export type Subject = { camera: string } & (
  | { track: number }
  | { event: string }
  | { look: string }
  | { view: string }
);

/** @throws Error with the reason when it was not taught, like all that follow. */
export function teach(what: Subject & { label: string; negative?: boolean; anyway?: boolean }): Promise<TaughtAnswer> {
  return send('POST', '/api/learning/teach', what);
}

export function relabel(example: string, to: { label: string; negative?: boolean }): Promise<TaughtAnswer> {
  return send('POST', '/api/learning/relabel', { example, ...to });
}

export function forget(
  target: { example: string } | { head: string; label: string } | { node: string },
): Promise<{ forgotten: number } & Undoable> {
  return send('POST', '/api/learning/forget', target);
}

/** Lessons that wait for an answer. */
export function fetchAsides(): Promise<AsideState[]> {
  return get('/api/learning/asides');
}

/** Answers what a lesson that is kept aside is. Without a label it is forgotten. */
export function settle(
  aside: string,
  answer: { label?: string; negative?: boolean; replace?: boolean },
): Promise<TaughtAnswer | Undoable> {
  return send('POST', '/api/learning/settle', { aside, ...answer });
}

/** Whether pictures of examples are kept from now on. */
export function keepPictures(keep: boolean): Promise<unknown> {
  return send('POST', '/api/learning/pictures', { keep });
}

/** Takes a change back. */
export function takeBack(undo: string): Promise<unknown> {
  return send('POST', '/api/learning/undo', { undo });
}

export function withdraw(cut: string): Promise<unknown> {
  return send('POST', '/api/learning/withdraw', { cut });
}

export function rollback(head: string, version: number): Promise<TaughtAnswer> {
  return send('POST', '/api/learning/rollback', { head, version });
}

/** Accepts the newest examples although the head came out worse. */
export function accept(head: string): Promise<TaughtAnswer> {
  return send('POST', '/api/learning/accept', { head });
}

export function fetchLooks(of: { camera: string } & ({ track: number } | { event: string })): Promise<Looks> {
  return get('/api/learning/looks', of);
}

/** Stores what is in a box now, for `teach`. @param box Pixels of the frame. */
export function holdLook(camera: string, box: readonly number[]): Promise<Looks> {
  return send('POST', '/api/learning/looks', { camera, box });
}

export function fetchExamples(of: { head: string; label: string; offset?: number }): Promise<ExamplePage> {
  return get('/api/learning/examples', of);
}

export function fetchNearMisses(): Promise<NearMissState[]> {
  return get('/api/learning/near-misses');
}

export function thumbnailOf(example: string): string {
  return `/api/learning/examples/${encodeURIComponent(example)}/thumbnail.jpg`;
}

/** The server's error message. */
export class ApiError extends Error {
  readonly status: number;
  /** Seconds until it is worth another try; undefined where that is not said. */
  readonly retryAfter: number | undefined;
  readonly body: unknown;

  constructor(status: number, body: { error: string }, retryAfter?: number) {
    super(body.error);
    this.status = status;
    this.body = body;
    this.retryAfter = retryAfter;
  }
}

/** Others have changed a camera's settings: nothing was changed. */
export class StaleError extends Error {
  readonly now: CameraState;

  constructor({ error, camera }: StaleAnswer) {
    super(error);
    this.now = camera;
  }
}

/** @param query Undefined and empty values are left out. */
async function get<T>(path: string, query: Record<string, string | number | undefined> = {}): Promise<T> {
  const text = queryOf(query);
  return answer(await ask(text === '' ? path : `${path}?${text}`));
}

function queryOf(query: Record<string, string | number | undefined>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  return new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
}

/** @param seen What it is a change of: it is refused when that is not there any more. */
async function send<T>(method: string, path: string, value: unknown, seen?: number | string): Promise<T> {
  const response = await ask(path, {
    method,
    headers: { 'content-type': 'application/json', ...(seen !== undefined && { 'if-match': `"${seen}"` }) },
    body: JSON.stringify(value),
  });
  return answer(response);
}

/** What a browser says of it is another text in each, such as `Failed to fetch`. */
function ask(path: string, how?: RequestInit): Promise<Response> {
  return fetch(path, how).catch(() => {
    throw new Error('Ocellus does not answer. Is it running?');
  });
}

/** Address of an event's picture, different for each picture; undefined without one. */
export function pictureOf({ id, picture }: StoredEvent): string | undefined {
  return picture > 0 ? `/api/events/${encodeURIComponent(id)}/snapshot.jpg?v=${picture}` : undefined;
}

/** Address of an event's clip; undefined without one. */
export function clipOf({ id, has_clip }: StoredEvent): string | undefined {
  return has_clip ? `/api/events/${encodeURIComponent(id)}/clip.mp4` : undefined;
}

async function answer<T>(response: Response): Promise<T> {
  const body = await response
    .text()
    .then(heard<T & { error: string }>)
    .catch(
      () => ({ error: `Ocellus did not answer as expected (${response.status}). Try again.` }) as T & { error: string },
    );
  const wait = Number(response.headers.get('retry-after')) || undefined;
  if (!response.ok) throw new ApiError(response.status, body, wait);
  return body;
}
