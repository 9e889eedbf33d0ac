import type { FrameHeader, LoggedEvent, NodeState, NodeStats, ServerMessage, WatchMessage } from '../../protocol.ts';

/** A picture with what was seen in it. */
export interface LiveFrame {
  readonly header: FrameHeader;
  readonly jpeg: Blob;
}

/** All that the page knows. A value: each change makes a new one. */
export interface Snapshot {
  readonly connected: boolean;
  readonly state?: NodeState;
  /** Newest first. */
  readonly events: readonly LoggedEvent[];
  /** Oldest first, the last two minutes. */
  readonly stats: readonly NodeStats[];
}

const shortestRetryMs = 500;
const longestRetryMs = 8000;
const maxEvents = 300;
const maxStats = 120;

/** Keeps the connection to the server, for as long as the page is open, and tells what comes. */
export class Connection {
  onChange: (snapshot: Snapshot) => void = () => {};
  onFrame: (frame: LiveFrame) => void = () => {};
  #snapshot: Snapshot = { connected: false, events: [], stats: [] };
  #socket: WebSocket | undefined;
  #retryMs = shortestRetryMs;
  #watched: WatchMessage = { type: 'watch', camera: null };

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  start(): void {
    const url = new URL('api/live', location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.onopen = () => {
      this.#retryMs = shortestRetryMs;
      this.#change({ connected: true });
      socket.send(JSON.stringify(this.#watched));
      void this.#loadEvents();
    };
    socket.onmessage = ({ data }) => {
      if (typeof data === 'string') this.#take(JSON.parse(data) as ServerMessage);
      else this.onFrame(readFrame(data as ArrayBuffer));
    };
    socket.onclose = () => {
      this.#change({ connected: false });
      setTimeout(() => this.start(), this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, longestRetryMs);
    };
  }

  /** Asks for the pictures of a camera; null for none. */
  watch(camera: string | null, maxHeight?: number): void {
    this.#watched = { type: 'watch', camera, maxHeight };
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(this.#watched));
  }

  async #loadEvents(): Promise<void> {
    const events = (await (await fetch('api/events?limit=200')).json()) as LoggedEvent[];
    this.#change({ events });
  }

  #take(message: ServerMessage): void {
    const { state, events, stats } = this.#snapshot;
    switch (message.type) {
      case 'state':
        this.#change({ state: message.state });
        break;
      case 'camera': {
        if (!state) break;
        const cameras = state.cameras.map((one) => (one.name === message.camera.name ? message.camera : one));
        this.#change({ state: { ...state, cameras } });
        break;
      }
      case 'event': {
        const { id } = message.event.state;
        const known = events.some((event) => event.state.id === id);
        const next = known
          ? events.map((event) => (event.state.id === id ? message.event : event))
          : [message.event, ...events].slice(0, maxEvents);
        this.#change({ events: next });
        break;
      }
      case 'stats':
        this.#change({ stats: [...stats, message.stats].slice(-maxStats) });
        break;
      case 'error':
        console.warn(message.message);
    }
  }

  #change(change: Partial<Snapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    this.onChange(this.#snapshot);
  }
}

function readFrame(data: ArrayBuffer): LiveFrame {
  const length = new DataView(data).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length))) as FrameHeader;
  return { header, jpeg: new Blob([new Uint8Array(data, 4 + length)], { type: 'image/jpeg' }) };
}

/** Changes settings of a camera. @throws Error with the server's words when they are wrong. */
export async function changeCamera(name: string, change: unknown): Promise<void> {
  const response = await fetch(`api/cameras/${name}`, {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(change),
  });
  if (!response.ok) throw new Error(((await response.json()) as { error: string }).error);
}
