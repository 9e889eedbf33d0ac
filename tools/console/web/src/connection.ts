import { type ClientMessage, type LiveHeader, type ServerMessage, sessionEnded, unpackLive } from '../../protocol.ts';
import { fetchEvents, fetchSession } from './api.ts';
import { heardNow, mergeEvent } from './events/merge.ts';
import { heard } from './plain.ts';
import { emptyState, store } from './store.ts';

export interface LivePicture {
  header: LiveHeader;
  bitmap: ImageBitmap;
}

export interface LiveWish {
  maxHeight: number;
  fps: number;
}

interface LiveListener extends LiveWish {
  show(picture: LivePicture): void;
}

const firstRetryMs = 500;
const lastRetryMs = 8000;
/** The server sends something every second; a silent connection is dead. */
const silenceMs = 6000;

/** The page's WebSocket: it reconnects automatically, and requests pictures only while the page is visible. */
class Connection {
  #socket: WebSocket | undefined;
  #retryMs = firstRetryMs;
  #heardAt = 0;
  readonly #listeners = new Map<string, Set<LiveListener>>();
  /** The picture being decoded and the newest one waiting, by camera. */
  readonly #decoding = new Set<string>();
  readonly #waiting = new Map<string, ArrayBuffer>();

  open(): void {
    this.begin();
    document.addEventListener('visibilitychange', () => {
      for (const camera of this.#listeners.keys()) this.#ask(camera);
    });
    setInterval(() => {
      if (this.#socket?.readyState === WebSocket.OPEN && performance.now() - this.#heardAt > silenceMs) {
        this.#socket.close();
        this.#lost();
      }
    }, 1000);
  }

  /** Connects, or shows the login first. */
  async begin(): Promise<void> {
    try {
      const { required, active } = await fetchSession();
      if (!active) this.#loggedOut();
      else {
        store.set({ login: required ? 'done' : 'open' });
        this.#connect();
      }
    } catch {
      this.#lost();
    }
  }

  /** Requests a camera's pictures from now on. @returns A function that ends it. */
  watch(camera: string, wish: LiveWish, show: (picture: LivePicture) => void): () => void {
    const listener: LiveListener = { ...wish, show };
    const listeners = this.#listeners.get(camera) ?? new Set();
    this.#listeners.set(camera, listeners);
    listeners.add(listener);
    this.#ask(camera);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(camera) === listeners) this.#listeners.delete(camera);
      this.#ask(camera);
    };
  }

  #connect(): void {
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/live`);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.onopen = () => {
      this.#retryMs = firstRetryMs;
      this.#heardAt = performance.now();
      store.set({ connection: 'open' });
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      this.#heardAt = performance.now();
      if (typeof data === 'string') this.#receive(heard<ServerMessage>(data));
      else this.#show(data as ArrayBuffer);
    };
    socket.onclose = ({ code }) => {
      if (socket !== this.#socket) return;
      if (code === sessionEnded) this.#loggedOut();
      else this.#lost();
    };
  }

  #receive(message: ServerMessage): void {
    store.receive(message);
    if (message.type !== 'state') return;
    // The first one, or cameras were added, renamed or removed, and nobody is watching them yet.
    for (const camera of this.#listeners.keys()) this.#ask(camera);
    this.#loadEvents();
  }

  #lost(): void {
    this.#socket = undefined;
    store.set({ connection: 'lost' });
    setTimeout(() => this.begin(), this.#retryMs * (0.8 + Math.random() * 0.4));
    this.#retryMs = Math.min(this.#retryMs * 2, lastRetryMs);
  }

  /** Clears what was shown. */
  #loggedOut(): void {
    this.#socket = undefined;
    store.set({ ...emptyState, login: 'needed' });
  }

  /** Loads events from before this page was opened, or while it was not connected. */
  async #loadEvents(): Promise<void> {
    try {
      const before = store.state.events;
      const { events, next } = await fetchEvents({ limit: 60 });
      // Oldest first, so that those that came over the socket meanwhile stay in front.
      store.set({ events: events.map(heardNow).reduceRight(mergeEvent, store.state.events) });
      // What is missing among them was removed while nobody was told.
      const least = next === null ? 0 : events.at(-1)!.place;
      const there = new Set(events.map(({ id }) => id));
      const gone = before.filter(({ id, place }) => place >= least && !there.has(id)).map(({ id }) => id);
      if (gone.length > 0) store.receive({ type: 'removed', ids: gone });
    } catch {
      // The connection was lost again; the next one loads them.
    }
  }

  #ask(camera: string): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    const wishes = [...(this.#listeners.get(camera) ?? [])];
    const message: ClientMessage =
      wishes.length === 0 || document.hidden
        ? { type: 'unwatch', camera }
        : {
            type: 'watch',
            camera,
            max_height: Math.max(...wishes.map((wish) => wish.maxHeight)),
            fps: Math.max(...wishes.map((wish) => wish.fps)),
          };
    this.#socket.send(JSON.stringify(message));
  }

  /** Decodes one picture per camera at a time; of those that arrive meanwhile only the newest waits. */
  async #show(message: ArrayBuffer): Promise<void> {
    const { header, jpeg } = unpackLive(message);
    const { camera } = header;
    if (this.#decoding.has(camera)) {
      this.#waiting.set(camera, message);
      return;
    }
    this.#decoding.add(camera);
    try {
      const bitmap = await createImageBitmap(new Blob([jpeg], { type: 'image/jpeg' }));
      for (const listener of this.#listeners.get(camera) ?? []) listener.show({ header, bitmap });
    } finally {
      this.#decoding.delete(camera);
      const next = this.#waiting.get(camera);
      this.#waiting.delete(camera);
      if (next) this.#show(next);
    }
  }
}

export const connection = new Connection();
