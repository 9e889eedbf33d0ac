import { useEffect, useReducer, useRef } from 'preact/hooks';
import type { CameraState, ConnectionStats, ConsoleState, NodeStats, ServerMessage } from '../../protocol.ts';
import { giveColours } from './colours.ts';
import { type HeardEvent, heardNow, mergeEvent } from './events/merge.ts';

export interface Sample {
  /** Monotonic ms. */
  time: number;
  stats: NodeStats;
}

export interface PageState {
  connection: 'connecting' | 'open' | 'lost';
  /** `open`: no login needed. Undefined until it is known. */
  login: 'open' | 'needed' | 'done' | undefined;
  /** Undefined until the first connection. */
  console: Omit<ConsoleState, 'cameras'> | undefined;
  cameras: CameraState[];
  /** Newest first. */
  events: HeardEvent[];
  /** Events that were removed lately. */
  removed: ReadonlySet<string>;
  /** The last minutes, oldest first. */
  history: Sample[];
  /** The newest state of the broker's connection; null without a broker. */
  mqtt: ConnectionStats | null;
  /** Whether live pictures show where the network looked. */
  looks: boolean;
}

/** Two minutes. */
const maxSamples = 120;
const maxEvents = 200;
const maxRemoved = 5000;

export const emptyState: PageState = {
  connection: 'connecting',
  login: undefined,
  console: undefined,
  cameras: [],
  events: [],
  removed: new Set(),
  history: [],
  mqtt: null,
  looks: false,
};

/** The state after a message. */
export function reduce(state: PageState, message: ServerMessage): PageState {
  switch (message.type) {
    case 'state': {
      const { cameras, ...console } = message.state;
      const isAnother = state.console !== undefined && state.console.run !== console.run;
      return { ...state, console, cameras, ...(isAnother && { events: [] }) };
    }
    case 'settings':
      return withCamera(state, message.camera.name, () => message.camera);
    case 'file':
      return state.console?.board
        ? { ...state, console: { ...state.console, board: { ...state.console.board, file: message.file } } }
        : state;
    case 'status':
      return withCamera(state, message.camera, (camera) => ({
        ...camera,
        status: message.status,
        source: message.source,
      }));
    case 'motion':
      return withCamera(state, message.camera, (camera) => ({ ...camera, moving: message.moving }));
    case 'count': {
      const { type: _, camera: name, ...count } = message;
      return withCamera(state, name, (camera) => ({
        ...camera,
        counts: replaced(camera.counts, count, (one) => one.label === count.label && one.zone === count.zone),
      }));
    }
    case 'crossing': {
      const { type: _, camera: name, ...crossing } = message;
      const { line, label, direction } = crossing;
      return withCamera(state, name, (camera) => ({
        ...camera,
        crossings: replaced(
          camera.crossings,
          crossing,
          (one) => one.line === line && one.label === label && one.direction === direction,
        ),
      }));
    }
    case 'learning':
      return state.console ? { ...state, console: { ...state.console, learning: message.learning } } : state;
    case 'states':
      return withCamera(state, message.camera, (camera) => ({ ...camera, states: message.states }));
    case 'event':
      return { ...state, events: mergeEvent(state.events, heardNow(message.event)).slice(0, maxEvents) };
    case 'removed':
      return {
        ...state,
        events: state.events.filter(({ id }) => !message.ids.includes(id)),
        removed: new Set([...state.removed, ...message.ids].slice(-maxRemoved)),
      };
    case 'stats':
      return {
        ...state,
        mqtt: message.mqtt,
        history: [...state.history, { time: message.time, stats: message.stats }].slice(-maxSamples),
      };
    case 'error':
      return state;
  }
}

function withCamera(state: PageState, name: string, change: (camera: CameraState) => CameraState): PageState {
  return { ...state, cameras: state.cameras.map((camera) => (camera.name === name ? change(camera) : camera)) };
}

function replaced<T>(list: readonly T[], value: T, isSame: (one: T) => boolean): T[] {
  const at = list.findIndex(isSame);
  return at < 0 ? [...list, value] : list.with(at, value);
}

let current = emptyState;
const listeners = new Set<() => void>();

export const store = {
  get state(): PageState {
    return current;
  },
  receive(message: ServerMessage): void {
    this.set(reduce(current, message));
  },
  set(change: Partial<PageState>): void {
    const before = current.console?.learning;
    current = { ...current, ...change };
    const learning = current.console?.learning;
    if (learning !== before) {
      giveColours([...new Set(learning?.heads.flatMap(({ labels }) => labels.map(({ label }) => label)) ?? [])]);
    }
    for (const listener of listeners) listener();
  },
};

/** A part of the state; the component re-renders when it changes. */
export function useStore<T>(select: (state: PageState) => T): T {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const selector = useRef(select);
  selector.current = select;
  const value = select(current);
  const shown = useRef(value);
  shown.current = value;
  useEffect(() => {
    const listener = () => {
      if (!Object.is(selector.current(current), shown.current)) redraw(0);
    };
    listeners.add(listener);
    // For changes between rendering and subscribing.
    listener();
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return value;
}
