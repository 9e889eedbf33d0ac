import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { asset } from '../../../sdk/base/assets.ts';
import { preparePython } from '../python.ts';

/** Somebody else's tracker, with its settings. */
export interface Peer {
  readonly name: string;
  /** What tools/bench/peer/track.py calls it. */
  readonly tracker: string;
  readonly settings: Readonly<Record<string, number | string>>;
  /** What its environment has; norfair wants an older numpy than the others. */
  readonly requirements: 'track.txt' | 'track-norfair.txt';
}

const peer = (
  name: string,
  tracker: string,
  settings: Peer['settings'] = {},
  requirements: Peer['requirements'] = 'track.txt',
): Peer => ({ name, tracker, settings, requirements });

/**
 * All are told the frames a second. What is not set is at its default; what is was found by `--only tune` on the seeds for choosing.
 */
export const peers: readonly Peer[] = [
  peer('ByteTrack', 'bytetrack'),
  peer('SORT', 'sort'),
  peer('OC-SORT', 'ocsort'),
  peer('C-BIoU', 'cbiou'),
  peer('supervision', 'supervision'),
  peer(
    'norfair',
    'norfair',
    { distance_function: 'iou', distance_threshold: 0.7, seconds: 1, initialization_delay: 2, score: 0.5 },
    'track-norfair.txt',
  ),
];

/** The Python processes that run peers, one for each environment, for as long as they are needed. */
export class Peers {
  readonly #processes = new Map<Peer['requirements'], { ask(request: object): Promise<unknown>; stop(): void }>();

  /** Runs a tracker over all sequences of a folder. */
  async track(folder: string, { name, tracker, settings, requirements }: Peer): Promise<void> {
    await this.#process(requirements).ask({ folder, name, tracker, settings });
  }

  /** @param file Boxes, float32, `objects` of them a frame. @returns Milliseconds a frame. */
  async time(file: string, objects: number, rate: number, { tracker, settings, requirements }: Peer): Promise<number> {
    const answer = await this.#process(requirements).ask({ file, objects, rate, tracker, settings });
    return (answer as { ms: number }).ms;
  }

  stop(): void {
    for (const process of this.#processes.values()) process.stop();
    this.#processes.clear();
  }

  #process(requirements: Peer['requirements']) {
    let process = this.#processes.get(requirements);
    if (!process) {
      process = start(requirements);
      this.#processes.set(requirements, process);
    }
    return process;
  }
}

function start(requirements: Peer['requirements']) {
  // One thread each: the others are not what is measured.
  const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
  const child = spawn(preparePython(requirements), [asset('tools', 'bench', 'peer', 'track.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env,
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();
  return {
    ask(request: object): Promise<unknown> {
      // Answers come in the order of the requests.
      const answer = last.then(async () => {
        child.stdin.write(`${JSON.stringify(request)}\n`);
        const { value, done } = await lines.next();
        if (done) throw new Error(`the Python process with ${requirements} ended: its message is above`);
        return JSON.parse(value) as unknown;
      });
      last = answer.catch(() => undefined);
      return answer;
    },
    stop: () => child.kill(),
  };
}
