import { type CameraChange, CameraSettings } from '../../../sdk/config/schema.ts';
import { validate } from '../../../sdk/config/validate.ts';
import { Frame } from '../../../sdk/frame/frame.ts';
import { Watch } from '../../../sdk/pipeline/frame-way.ts';
import type { Meaning } from '../../../sdk/pipeline/way-values.ts';
import { Detections } from '../../../sdk/vision/detections.ts';
import type { Box } from '../../../sdk/vision/geometry.ts';
import { detect, labels, levels } from './detector.ts';
import { Dice } from './dice.ts';
import { lone, type PassersBy, passersBy } from './scenes.ts';
import { rates } from './sequences.ts';
import { picture } from './world.ts';

/** What a home would be told, beside what was there. */
export interface Scenario {
  readonly name: string;
  /** What the columns differ in. */
  readonly by: 'keepalive' | 'inferences a second';
  /** What is right, in each column. */
  readonly truth: number;
  readonly columns: Readonly<Record<string, Told>>;
}

interface Told {
  readonly told: number;
  /** Objects that were counted at once, where more than one is wrong. */
  readonly most?: number;
}

interface Thing {
  readonly box: Box;
  readonly label: string;
  readonly score: number;
}

/** A camera whose network is asked when the gate wants it; everything behind it is as in a node. */
class Camera {
  events = 0;
  crossings = 0;
  zoneChanges = 0;
  /** Objects that were counted at once. */
  most = 0;
  readonly #watch: Watch;
  readonly #size: { width: number; height: number };
  readonly #gated: boolean;
  #sequence = 0;
  #inZones = 0;

  constructor(change: CameraChange, size: { width: number; height: number }, gated: boolean) {
    this.#watch = new Watch({ camera: 'bench', labels, settings: validate(CameraSettings, change, 'scenario') });
    this.#size = size;
    this.#gated = gated;
  }

  /** @param see What the network finds, asked only when it is looked at. @param luma Default: none, and no gate. */
  frame(seconds: number, see: () => readonly Thing[], luma?: Uint8Array): void {
    const { width, height } = this.#size;
    const frame = new Frame({
      format: 'GRAY8',
      width,
      height,
      planes: [{ data: luma ?? blank(width * height), stride: width }],
      sequence: this.#sequence++,
      captureTimeNs: Math.round(seconds * 1e9),
      wallTimeMs: seconds * 1e3,
    });
    const gated = this.#gated ? this.#watch.gate(frame) : { frame, isWanted: true };
    if (!gated.isWanted) {
      this.#note(this.#watch.follow(gated, undefined));
      return;
    }
    const things = see().map(({ box, label, score }) => ({ box, score, classId: labels.indexOf(label) }));
    this.#note(this.#watch.follow(gated, Detections.from(things, labels)));
  }

  get objects(): Told {
    return { told: this.events, most: this.most };
  }

  #note({ messages, crossings }: Meaning): void {
    this.events += messages.filter(({ type }) => type === 'new').length;
    this.crossings += crossings.length;
    const all = this.#watch.now.counts;
    const inZones = all.reduce((sum, { zone, count }) => (zone === undefined ? sum : sum + count), 0);
    if (inZones !== this.#inZones) this.zoneChanges++;
    this.#inZones = inZones;
    const now = all.filter(({ zone }) => zone === undefined).reduce((sum, { count }) => sum + count, 0);
    this.most = Math.max(this.most, now);
  }
}

let nothing = new Uint8Array(0);
function blank(length: number): Uint8Array {
  if (nothing.length !== length) nothing = new Uint8Array(length);
  return nothing;
}

/** @param quick Minutes in place of an hour. */
export function scenarios(quick: boolean): Scenario[] {
  const minutes = quick ? 10 : 60;
  const walk = passersBy('walk');
  const run = passersBy('run');
  return [
    ...[0, 0.2, 0.4].map((flicker): Scenario => {
      const columns = [0.5, 1, 2, 5, 10].map((keepalive) => [`${keepalive} s`, parkedCar(keepalive, flicker, minutes)]);
      const name = `a car parks for ${minutes} min, ${100 * flicker} % of inferences miss it: events`;
      return { name, by: 'keepalive', truth: 1, columns: Object.fromEntries(columns) };
    }),
    byRate('a van named car and truck in turns, 5 min: events', 1, namedInTurns),
    byRate('a walker who turns and stops, 10 min: events', 1, (rate) => oneActor('turn', rate)),
    byRate('a runner to and fro, 2 min: events', 1, (rate) => oneActor('run', rate)),
    ...[0, 1, 2].flatMap((level) => [
      byRate(`walkers over a line, noise ${level}: crossings`, walk.crossed, (rate) => crossings(walk, rate, level)),
      byRate(`runners over a line, noise ${level}: crossings`, run.crossed, (rate) => crossings(run, rate, level)),
    ]),
    byRate('300 pixels tall on a line, 3 % tremble, 60 s: crossings', 0, (rate) => ({
      told: onTheLine(rate).crossings,
    })),
    byRate("the same on a zone's edge: changes of its count, at most", 1, (rate) => ({
      told: onTheLine(rate).zoneChanges,
    })),
  ];
}

function byRate(name: string, truth: number, told: (rate: number) => Told): Scenario {
  const columns = Object.fromEntries(rates.map((rate) => [`${rate}/s`, told(rate)]));
  return { name, by: 'inferences a second', truth, columns };
}

/** Trembling edges, as a network's boxes have. */
function trembling([x1, y1, x2, y2]: Box, share: number, dice: Dice): Box {
  const [w, h] = [x2 - x1, y2 - y1];
  return [
    x1 + share * w * dice.normal(),
    y1 + share * h * dice.normal(),
    x2 + share * w * dice.normal(),
    y2 + share * h * dice.normal(),
  ];
}

/** Through the real gate, at 5 frames a second: it drives in, stands, and everything else is a sensor's noise. */
function parkedCar(keepalive: number, flicker: number, minutes: number): Told {
  const size = { width: 320, height: 180 };
  const fps = 5;
  const dice = new Dice(`parked ${keepalive} ${flicker}`);
  const camera = new Camera({ motion: { keepalive } }, size, true);
  const grain = Array.from({ length: 7 }, () =>
    Int8Array.from({ length: 320 * 180 }, () => Math.round(1.5 * dice.normal())),
  );
  const place = (seconds: number): Box => {
    const x = 320 - 210 * Math.min(1, Math.max(0, (seconds - 5) / 4));
    return [x, 90, x + 90, 130];
  };
  const draw = (box: Box, frame: number) => {
    const noise = grain[frame % grain.length]!;
    const luma = new Uint8Array(320 * 180);
    for (let y = 0; y < 180; y++) {
      for (let x = 0; x < 320; x++) {
        const isCar = x >= box[0] && x < box[2] && y >= box[1] && y < box[3];
        luma[y * 320 + x] = (isCar ? 60 : 120) + noise[y * 320 + x]!;
      }
    }
    return luma;
  };
  // What stands still looks the same but for the grain.
  const standing = grain.map((_, i) => draw(place(60), i));
  for (let frame = 0; frame < minutes * 60 * fps; frame++) {
    const seconds = frame / fps;
    const box = place(seconds);
    const see = () => {
      if (box[0] >= 300 || dice.chance(flicker)) return [];
      const seen = trembling(box, 0.02, dice);
      return [
        {
          box: [seen[0], seen[1], Math.min(320, seen[2]), seen[3]] as const,
          label: 'car',
          score: 0.75 + 0.05 * dice.normal(),
        },
      ];
    };
    camera.frame(seconds, see, seconds > 12 ? standing[frame % standing.length] : draw(box, frame));
  }
  return camera.objects;
}

function namedInTurns(rate: number): Told {
  const dice = new Dice(`van ${rate}`);
  const camera = new Camera({}, picture, false);
  let label = 'car';
  for (let frame = 0; frame < 300 * rate; frame++) {
    // For two seconds on average, as networks do: their mind does not change with each frame.
    if (dice.chance(0.5 / rate)) label = label === 'car' ? 'truck' : 'car';
    camera.frame(frame / rate, () => [
      { box: trembling([500, 300, 800, 450], 0.02, dice), label, score: 0.75 + 0.05 * dice.normal() },
    ]);
  }
  return camera.objects;
}

function oneActor(kind: 'turn' | 'run', rate: number): Told {
  const camera = new Camera({}, picture, false);
  const frames = detect(lone(kind, kind === 'turn' ? 600 : 120, rate), levels[0]!, rate, `lone ${kind} ${rate}`);
  for (const [frame, found] of frames.entries()) camera.frame(frame / rate, () => found);
  return camera.objects;
}

/** From edge to edge through the whole view, over a line in its middle: each crosses once. */
function crossings(passers: PassersBy, rate: number, level: number): Told {
  const camera = new Camera({ lines: { middle: { from: [0.5, 0], to: [0.5, 1] } } }, picture, false);
  const found = detect(passers.frames(rate), levels[level]!, rate, `passers ${passers.kind} ${rate} ${level}`);
  for (const [frame, things] of found.entries()) camera.frame(frame / rate, () => things);
  return { told: camera.crossings };
}

function onTheLine(rate: number): Camera {
  const camera = new Camera(
    {
      lines: { middle: { from: [0, 0.7], to: [1, 0.7] } },
      zones: {
        door: {
          polygon: [
            [0, 0.7],
            [1, 0.7],
            [1, 1],
            [0, 1],
          ],
        },
      },
    },
    picture,
    false,
  );
  const dice = new Dice(`stands ${rate}`);
  for (let frame = 0; frame < 60 * rate; frame++) {
    camera.frame(frame / rate, () => [
      { box: trembling([580, 204, 700, 504], 0.03, dice), label: 'person', score: 0.8 },
    ]);
  }
  return camera;
}
