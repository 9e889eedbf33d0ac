import type { CameraState, ConnectionStats, NodeStats } from '../../../protocol.ts';
import { count } from '../format.ts';

/** Something that is wrong, and what to do. */
export interface Trouble {
  /** A sentence. */
  what: string;
  todo: string;
}

export interface Known {
  cameras: readonly Pick<CameraState, 'name' | 'status'>[];
  /** Undefined until the first figures came. */
  stats: Pick<NodeStats, 'cameras' | 'throttling' | 'temperature' | 'disk'> | undefined;
  mqtt: Pick<ConnectionStats, 'connected' | 'outbox'> | null;
}

const stuckMs = 30_000;
const hot = 80;
const manyBreaks = 5;
/** Of the pictures that were worth a look. */
const mostLate = 0.5;
const fewFrames = 100;

const byLimit: Readonly<Record<string, Trouble>> = {
  'under-voltage': {
    what: 'The power supply is too weak.',
    todo: 'Use the one that is made for the board, and a short cable.',
  },
  hot: { what: 'The board is too hot.', todo: 'Give it air or a heat sink.' },
  slow: { what: 'The board is slowed down.', todo: 'Check its power supply, and that it does not get hot.' },
};

/** What is wrong, the worst first; nothing: all is well. */
export function troublesOf({ cameras, stats, mqtt }: Known): Trouble[] {
  const found: Trouble[] = [];
  if (cameras.length === 0) found.push({ what: 'There is no camera.', todo: 'Add one under Settings.' });
  for (const { name, status } of cameras) {
    const of = stats?.cameras[name];
    if (status === 'offline') {
      const why = of?.device.last_error;
      found.push({
        what: `${name} gives no picture${why ? `: ${trimmed(why)}` : ''}.`,
        todo: 'Check its cable, its power and its address under Settings. It is tried again by itself.',
      });
    } else if (of && of.unfinished_ms > stuckMs) {
      found.push({ what: `The pictures of ${name} are not looked at any more.`, todo: 'Start Ocellus again.' });
    } else if (of) found.push(...weaknessesOf(name, of));
  }
  found.push(...powerOf(stats));
  if (mqtt && !mqtt.connected) {
    found.push({
      what: `There is no connection to the MQTT broker; ${count(mqtt.outbox.depth)} messages wait.`,
      todo: 'Check that the broker runs. Its address and password are in the board’s settings file.',
    });
  }
  const lost = mqtt ? Object.values(mqtt.outbox.evicted).reduce((sum, one) => sum + one, 0) : 0;
  if (lost > 0) {
    found.push({
      what: `${count(lost)} messages were given up, since the broker was away for too long.`,
      todo: 'See that the broker is reached again. Newer ones wait in their place; the board’s settings file can give them more room.',
    });
  }
  const years = stats?.disk?.years_left ?? null;
  if (years !== null && years < 1) {
    found.push({
      what: 'At this rate the memory card wears out within a year.',
      todo: 'Use a larger card, keep fewer past events and no clips (under Settings), or have the settings file keep all in memory.',
    });
  }
  return found;
}

function weaknessesOf(name: string, { device, frames }: NodeStats['cameras'][string]): Trouble[] {
  const found: Trouble[] = [];
  if (device.reconnects_last_hour >= manyBreaks) {
    found.push({
      what: `The connection to ${name} broke ${device.reconnects_last_hour} times in the last hour.`,
      todo: 'Check its cable or its Wi-Fi.',
    });
  }
  const wanted = frames.late + frames.inferred;
  if (wanted > fewFrames && frames.late / wanted > mostLate) {
    found.push({
      what: `The board is too busy to look at most pictures of ${name}.`,
      todo: 'Switch off detection of a camera that matters less, or use smaller pictures: many cameras have a second, smaller stream.',
    });
  }
  return found;
}

function powerOf(stats: Known['stats']): Trouble[] {
  const now: readonly string[] = stats?.throttling?.now ?? [];
  const found: Trouble[] = [];
  if (now.includes('under-voltage')) found.push(byLimit['under-voltage']!);
  if (now.includes('temperature-limit') || (stats?.temperature ?? 0) >= hot) found.push(byLimit.hot!);
  if (now.length > 0 && found.length === 0) found.push(byLimit.slow!);
  return found;
}

/** Within a sentence. */
const trimmed = (text: string) => text.trim().replace(/\.$/, '');
