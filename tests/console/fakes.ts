import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closedHealth, type DeviceProperties } from '../../devices/device/device.ts';
import { InputError, StaleError } from '../../sdk/base/errors.ts';
import { WrittenBytes } from '../../sdk/base/written.ts';
import { type CameraChange, CameraSettings } from '../../sdk/config/schema.ts';
import { resolveSettings } from '../../sdk/config/settings.ts';
import { validate } from '../../sdk/config/validate.ts';
import { Frame } from '../../sdk/frame/frame.ts';
import { History } from '../../sdk/history/history.ts';
import type { CountChange, PipelineEvents } from '../../sdk/pipeline/events.ts';
import type { NodeStats } from '../../sdk/pipeline/node.ts';
import type { EventMessage, ObjectState } from '../../sdk/vision/event.ts';
import type { SeenSize } from '../../sdk/vision/gaze/size-map.ts';
import type { Track } from '../../sdk/vision/track.ts';
import type { Board, BoardChange, FileState } from '../../tools/console/server/board.ts';
import type { ConsoleCamera, ConsoleNode } from '../../tools/console/server/source.ts';
import { objectState, track as someTrack, whyReport } from '../vision/fakes.ts';

/** A camera whose state a test sets. */
export class FakeCamera extends EventEmitter<PipelineEvents> implements ConsoleCamera {
  readonly name: string;
  settings: CameraSettings;
  revision = 7;
  status: 'online' | 'offline' | 'disabled' = 'online';
  moving = false;
  labels = ['person', 'cat'];
  knownLabels = ['person', 'cat', 'dog'];
  sizes: SeenSize[] = [{ label: 'person', place: [0.5, 0.25, 0.5625, 0.375], size: 0.04, spread: 1.1, count: 7 }];
  counts: CountChange[] = [{ label: 'person', count: 1 }];
  device: { properties: DeviceProperties } | undefined = {
    properties: {
      kind: 'rtsp',
      title: 'rtsp://admin:secret@door/1',
      format: 'I420',
      width: 64,
      height: 48,
      colour: { matrix: 'bt601', range: 'limited' },
      live: true,
      note: 'Showing rtsp://admin:secret@door/1.',
    },
  };
  /** What a snapshot is; undefined where no frame has come. */
  picture: Buffer | undefined = Buffer.from('a picture');
  snapshots = 0;
  readonly changes: CameraChange[] = [];
  why = whyReport();

  constructor(name = 'door', settings: CameraChange = {}) {
    super();
    this.name = name;
    this.settings = validate(CameraSettings, settings, 'fake camera');
  }

  async change(change: CameraChange, { seen = this.revision }: { seen?: number | undefined } = {}): Promise<void> {
    if (seen !== this.revision) throw new StaleError(`revision ${this.revision}, expected ${seen}`);
    const merged = Object.fromEntries(
      Object.entries(change).map(([key, value]) => {
        const before = this.settings[key as keyof CameraSettings];
        const isPart = ['detect', 'motion', 'track', 'snapshots', 'learn'].includes(key) && typeof value === 'object';
        return [key, isPart ? { ...(before as object), ...value } : value];
      }),
    );
    this.settings = validate(CameraSettings, { ...this.settings, ...merged }, `camera ${this.name}`);
    this.revision++;
    this.changes.push(change);
    this.emit('settings', change);
  }

  async snapshot(): Promise<Buffer> {
    this.snapshots++;
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (!this.picture) throw new InputError(`camera ${this.name} has given no picture yet: offline`);
    return this.picture;
  }
}

/** A board whose changes are noted. */
export class FakeBoard implements Board {
  readonly changes: BoardChange[] = [];
  file: FileState = { path: '/home/me/ocellus.yaml', trouble: null, waits: [], unwritten: null };
  looks = 0;

  async change(change: BoardChange): Promise<void> {
    this.changes.push(change);
  }

  async look(): Promise<void> {
    this.looks++;
  }

  async tried(): Promise<void> {}
}

export class FakeNode implements ConsoleNode {
  readonly name = 'porch';
  readonly settings = resolveSettings({ node: 'porch' });
  readonly pipelines: Map<string, FakeCamera>;
  readonly history = new History({ settings: this.settings.history });
  lastError: string | undefined;
  unfinishedMs = 0;
  readonly written = new WrittenBytes();
  board: Pick<NodeStats, 'temperature' | 'throttling' | 'power'> = { temperature: null, throttling: null, power: null };

  constructor(cameras: FakeCamera[]) {
    this.pipelines = new Map(cameras.map((camera) => [camera.name, camera]));
    for (const camera of cameras) {
      camera.on('snapshot', ({ id, jpeg }) => this.history.addPicture(id, jpeg));
      camera.on('event', (message) => this.history.add(message));
    }
  }

  stats(): NodeStats {
    const camera = {
      frames: { in: 1, dropped: 0, gated: 0, late: 0, inferred: 1 },
      fps: { in: 10, inferred: 10 },
      times: { motion: 1, queue: 0, preprocess: 1, infer: 8, decode: 1, track: 1, total: 12 },
      timeTotals: { motion: 1, queue: 0, preprocess: 1, infer: 8, decode: 1, track: 1, total: 12 },
      objects: 1,
      gaze: { regions: 1, timeShare: 0, waiting: 0, whole: 1, closer: 0, waited: 0 },
      unfinishedMs: this.unfinishedMs,
      device: {
        ...closedHealth,
        state: 'online' as const,
        frames: 1,
        reconnects_last_hour: 2,
        stalls_last_hour: 1,
        lastError: this.lastError,
      },
    };
    return {
      uptimeSeconds: 1,
      cpuPercent: 10,
      memory: { residentMb: 100, heapMb: 20 },
      ...this.board,
      eventLoopDelayMs: { mean: 0, p99: 0 },
      written: this.written.stats,
      disk: { bytes: 5e6, lastDay: 4e6, yearsLeft: 11.2 },
      model: 'nanodet',
      cameras: Object.fromEntries([...this.pipelines.keys()].map((name) => [name, camera])),
    };
  }
}

export function track(change: Partial<Track> = {}): Track {
  return someTrack({ id: 3, box: [10, 11, 30, 41], score: 0.7, medianScore: 0.81, observations: 5, ...change });
}

/** A grey frame; `freed` counts up when its last owner has given it back. */
export function greyFrame(sequence: number, width = 64, height = 48): { frame: Frame; freed(): boolean } {
  let isFree = false;
  const frame = new Frame(
    {
      format: 'GRAY8',
      width,
      height,
      sequence,
      captureTimeNs: sequence * 1e8,
      wallTimeMs: 1_700_000_000_000 + sequence * 100,
      planes: [{ data: new Uint8Array(width * height).fill(sequence), stride: width }],
    },
    () => {
      isFree = true;
    },
  );
  return { frame, freed: () => isFree };
}

export function eventMessage(id: string, change: Partial<ObjectState> = {}): EventMessage {
  const seen = { score: 0.8, top_score: 0.9, area: 4, ratio: 1, frame_time: 100, start_time: 100 };
  const after = objectState({ id, box: [1, 2, 3, 4], ...seen, ...change });
  return { sequence: 1, type: after.end_time === null ? 'new' : 'end', before: after, after };
}

/** A folder with a page in it, in place of the built one. */
export function pageFolder(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-page-'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(join(folder, 'theme.js'), '// theme');
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
