import type { CameraChange, CameraState, EventPage, RecentEvent, SessionState } from '../../protocol.ts';

export async function fetchEvents(query: {
  limit?: number;
  before?: string;
  camera?: string;
  label?: string;
}): Promise<EventPage> {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  return answer(await fetch(`/api/events?${new URLSearchParams(given.map(([key, value]) => [key, String(value)]))}`));
}

/** @throws Error with what the server says is wrong. */
export function changeCamera(camera: string, change: CameraChange): Promise<CameraState> {
  return send('PATCH', `/api/cameras/${encodeURIComponent(camera)}`, change);
}

/** Must one log in, and has one? */
export async function fetchSession(): Promise<SessionState> {
  return answer(await fetch('/api/session'));
}

/** @throws Error with why not. */
export function logIn(password: string): Promise<SessionState> {
  return send('POST', '/api/session', { password });
}

export function logOut(): Promise<SessionState> {
  return send('DELETE', '/api/session', {});
}

async function send<T>(method: string, path: string, value: unknown): Promise<T> {
  const response = await fetch(path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
  }).catch(() => {
    throw new Error('Ocellus does not answer. Is it running?');
  });
  return answer(response);
}

/** Address of an event's picture, another one for each picture; undefined where there is none. */
export function pictureOf({ id, picture }: RecentEvent): string | undefined {
  return picture > 0 ? `/api/events/${encodeURIComponent(id)}/snapshot.jpg?v=${picture}` : undefined;
}

async function answer<T>(response: Response): Promise<T> {
  const body = await response.json().catch(() => ({ error: `the answer was ${response.status}` }));
  if (!response.ok) throw new Error(body.error);
  return body;
}
