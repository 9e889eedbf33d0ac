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
 * All are told the frames a second. Two as they come, and all tuned by `--only tune` on the seeds for choosing.
 */
export const peers: readonly Peer[] = [
  peer('ByteTrack as it comes', 'bytetrack'),
  peer('SORT as it comes', 'sort'),
  peer('ByteTrack', 'bytetrack', {
    track_activation_threshold: 0.5,
    high_conf_det_threshold: 0.4,
    minimum_iou_threshold: 0.05,
    minimum_consecutive_frames: 1,
    lost_track_buffer: 60,
  }),
  peer('SORT', 'sort', {
    track_activation_threshold: 0.5,
    minimum_iou_threshold: 0.05,
    minimum_consecutive_frames: 2,
    lost_track_buffer: 30,
  }),
  peer('OC-SORT', 'ocsort', {
    high_conf_det_threshold: 0.3,
    minimum_consecutive_frames: 1,
    minimum_iou_threshold: 0.1,
    direction_consistency_weight: 0,
    delta_t: 3,
    lost_track_buffer: 60,
  }),
  peer('C-BIoU', 'cbiou', {
    track_activation_threshold: 0.6,
    high_conf_det_threshold: 0.4,
    minimum_consecutive_frames: 1,
    minimum_iou_threshold_second_assoc: 0.3,
    buffer_ratio_first: 0.7,
    lost_track_buffer: 60,
  }),
  peer('supervision ByteTrack', 'supervision', {
    track_activation_threshold: 0.4,
    minimum_matching_threshold: 0.95,
    minimum_consecutive_frames: 1,
    lost_track_buffer: 60,
  }),
  peer(
    'norfair',
    'norfair',
    { distance_function: 'iou', distance_threshold: 0.9, seconds: 1, initialization_delay: 1, score: 0.2 },
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

  /** @param file Boxes, float32, `objects` of them a frame. @returns Milliseconds of CPU time a frame. */
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
