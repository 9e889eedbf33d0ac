import { normal, random } from '../../../sdk/base/random.ts';
import { Noise, Picture, type Place } from './picture.ts';

/** `ignored`: what is right there is a matter of taste: the beginning, and the seconds after something came to rest. */
export type Truth = 'moving' | 'still' | 'ignored';

export interface Clip {
  readonly scene: string;
  readonly fps: number;
  readonly width: number;
  readonly height: number;
  readonly truths: readonly Truth[];
  /** Grey pictures, one after the other. */
  readonly bytes: Uint8Array;
}

/** What a scene may use to draw one frame. */
interface Stage {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly background: Picture;
  /** The background without its texture. */
  readonly soft: Picture;
  readonly next: () => number;
}

interface Sensor {
  white: number;
  smeared: number;
}

/** Draws a frame on a copy of the background, which it may also replace; says what is true of it. */
type Draw = (picture: Picture, seconds: number, index: number) => Truth;

export interface Scene {
  readonly name: string;
  /** Of the camera; by default that of a day. */
  readonly sensor?: Sensor;
  /** Encoded as H.264 at this many kbit/s, like a cheap camera's stream. */
  readonly kbits?: number;
  make(stage: Stage): Draw;
}

/** Until here all learn what stands still. */
export const learnSeconds = 8;
/** Most scenes have nothing but their disturbance until here, and then somebody who walks in it. */
const walkFrom = 20;
export const clipSeconds = 32;
/** How long after something stopped it may count as motion. */
const settleSeconds = 4;

const day: Sensor = { white: 2.5, smeared: 0 };
const night: Sensor = { white: 20, smeared: 10 };

/**
 * A person, or whatever moves: `contrast` is what it differs from the brightness around it, whose texture it hides, or its own
 * level when `solid`.
 */
interface Body extends Place {
  contrast: number;
  solid?: boolean;
}

function drawBody(picture: Picture, soft: Picture, { contrast, solid, ...place }: Body): void {
  const row = Math.min(soft.height - 1, Math.max(0, Math.round(place.y + place.height / 2)));
  const column = Math.min(soft.width - 1, Math.max(0, Math.round(place.x + place.width / 2)));
  const level = solid ? contrast : soft.data[row * soft.width + column]! + contrast;
  // Clothes: a coarse pattern that goes with the body.
  picture.ellipse(place, (_, u, v) => level + 5 * Math.sin(u * 0.7 + 1) * Math.sin(v * 0.23));
}

/** There and back between the edges of the picture. */
function bounce(distance: number, room: number): number {
  const at = ((distance % (2 * room)) + 2 * room) % (2 * room);
  return at < room ? at : 2 * room - at;
}

function walker(stage: Stage, body: Partial<Body> & { speed: number }): (seconds: number) => Body {
  const { width = 30, height = 80, contrast = 50, solid, speed } = body;
  const start = stage.next() * stage.width;
  const y = stage.height * (0.35 + stage.next() * 0.3);
  const sign = stage.next() < 0.5 ? -1 : 1;
  return (seconds) => {
    const x = bounce(start + seconds * speed, stage.width - width);
    return { x, y: y + 2 * Math.sin(seconds * 9), width, height, contrast: sign * contrast, solid };
  };
}

/** Somebody who moves all the time once the others have learnt. */
function always(name: string, body: Parameters<typeof walker>[1], sensor?: Sensor): Scene {
  return {
    name,
    sensor,
    make: (stage) => {
      const at = walker(stage, body);
      return (picture, seconds) => {
        if (seconds < learnSeconds) return 'ignored';
        drawBody(picture, stage.soft, at(seconds - learnSeconds));
        return seconds < learnSeconds + 1 ? 'ignored' : 'moving';
      };
    },
  };
}

/** Somebody of a fair contrast from `walkFrom` on, on top of what `disturb` does. */
function disturbed(
  name: string,
  disturb: (stage: Stage) => { before?: (picture: Picture, seconds: number) => void; after?: Disturbance },
  more: Partial<Scene> = {},
): Scene {
  return {
    name,
    ...more,
    make: (stage) => {
      const at = walker(stage, { speed: 45, contrast: 45 });
      const { before, after } = disturb(stage);
      return (picture, seconds, index) => {
        before?.(picture, seconds);
        if (seconds >= walkFrom) drawBody(picture, stage.soft, at(seconds));
        after?.(picture, seconds, index);
        if (seconds < learnSeconds) return 'ignored';
        return seconds < walkFrom ? 'still' : seconds < walkFrom + 1 ? 'ignored' : 'moving';
      };
    },
  };
}
type Disturbance = (picture: Picture, seconds: number, index: number) => void;

function scale(picture: Picture, gain: (x: number, y: number) => number): void {
  const { width, height, data } = picture;
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data[y * width + x]! *= gain(x, y);
}

function scaleAll({ data }: Picture, gain: number): void {
  for (let i = 0; i < data.length; i++) data[i]! *= gain;
}

export const scenes: readonly Scene[] = [
  always('low-contrast walker', { speed: 40, contrast: 11 }),
  {
    name: 'creeper, 0.3 pixels a frame',
    make: (stage) => {
      const at = walker(stage, { speed: 0.3 * stage.fps, width: 44, height: 60, contrast: 24 });
      return (picture, seconds) => {
        if (seconds < learnSeconds) return 'ignored';
        const body = at(seconds - learnSeconds);
        drawBody(picture, stage.soft, { ...body, y: Math.round(body.y) });
        return seconds < learnSeconds + 2 ? 'ignored' : 'moving';
      };
    },
  },
  always('small and far', { speed: 12, width: 9, height: 22, contrast: 40 }),
  always('runner', { speed: 220, width: 40, height: 100, contrast: 40, solid: false }),
  {
    name: 'stands for 14 s, walks on',
    make: (stage) => {
      const at = walker(stage, { speed: 40, contrast: 100, solid: true });
      const [stop, go] = [learnSeconds + 3, learnSeconds + 17];
      return (picture, seconds) => {
        if (seconds < learnSeconds) return 'ignored';
        const walked = seconds < stop ? seconds : seconds < go ? stop : seconds - (go - stop);
        const body = at(walked);
        // One who stands sways by less than a pixel.
        if (seconds >= stop && seconds < go) body.x += 0.4 * Math.sin(seconds * 2);
        drawBody(picture, stage.soft, body);
        if (seconds < learnSeconds + 0.5 || (seconds >= stop && seconds < go + 0.4)) return 'ignored';
        return 'moving';
      };
    },
  },
  disturbed('still day', () => ({})),
  disturbed('night noise', () => ({}), { sensor: night }),
  disturbed('exposure steps', ({ next }) => {
    const steps = Array.from({ length: 16 }, () => 0.75 + next() * 0.5);
    return { after: (picture, seconds) => scaleAll(picture, steps[Math.floor(seconds / 2.7)]!) };
  }),
  disturbed('exposure ramps', ({ next }) => {
    const period = 6 + next() * 8;
    return { after: (picture, seconds) => scaleAll(picture, 1 + 0.3 * Math.sin((seconds * 2 * Math.PI) / period)) };
  }),
  disturbed('mains flicker', ({ next, height }) => {
    const beat = 0.3 + next() * 3;
    return {
      after: (picture, seconds) =>
        scale(picture, (_, y) => 1 + 0.06 * Math.sin(2 * Math.PI * (seconds * beat + (1.4 * y) / height))),
    };
  }),
  disturbed('rain', ({ next, width, height }) => ({
    after: (picture) => {
      for (let i = 0; i < 90; i++) {
        const near = next() ** 3;
        const length = 15 + 60 * near;
        picture.streak(
          next() * width,
          next() * (height + length) - length,
          length,
          0.15,
          1 + 3 * near,
          18 + 30 * next(),
        );
      }
    },
  })),
  disturbed('snow', ({ next, width, height, fps }) => {
    const flakes = Array.from({ length: 130 }, () => {
      const near = next() ** 2;
      return { x: next() * width, y: next() * height, size: 2 + 9 * near, fall: 60 + 160 * near, phase: next() * 7 };
    });
    return {
      after: (picture, seconds) => {
        for (const flake of flakes) {
          flake.y += flake.fall / fps;
          flake.x += (8 * Math.sin(seconds * 2 + flake.phase) + 4) / fps;
          if (flake.y > height) Object.assign(flake, { x: next() * width, y: -12 });
          const { x, y, size } = flake;
          picture.ellipse({ x, y, width: size, height: size }, (was) => was + 45, 2);
        }
      },
    };
  }),
  disturbed('swaying branches', ({ next, width, height, background }) => {
    const bushes = Array.from({ length: 3 }, () => ({
      x: next() * width * 0.8,
      y: next() * height * 0.7,
      side: 60 + next() * 60,
      beat: 0.5 + next() * 0.8,
      reach: 2 + next() * 3,
    }));
    // Leaves are rougher than what is behind them.
    for (const { x, y, side } of bushes) {
      for (let i = 0; i < side * 2; i++) {
        const leaf = { x: x + next() * side, y: y + next() * side, width: 5 + next() * 7, height: 5 + next() * 7 };
        const level = (next() - 0.5) * 70;
        background.ellipse(leaf, (was) => Math.max(10, was + level));
      }
    }
    return {
      before: (picture, seconds) => {
        // Gusts come and go.
        const gust = 0.6 + 0.4 * Math.sin(seconds * 0.5);
        for (const { x, y, side, beat, reach } of bushes) {
          const dx = gust * reach * (Math.sin(seconds * beat * 6.3) + 0.4 * Math.sin(seconds * beat * 14.1));
          sway(picture, background, { x, y, width: side, height: side }, dx);
        }
      },
    };
  }),
  disturbed('compression, keyframes', () => ({}), { kbits: 120, sensor: { white: 4, smeared: 2 } }),
  disturbed('shadows of clouds', ({ next }) => {
    const speed = 90 + next() * 120;
    const soft = 60 + next() * 120;
    return {
      after: (picture, seconds) => {
        // A band of shade every six seconds or so.
        const front = seconds * speed;
        scale(picture, (x, y) => {
          const phase = (front - x - 0.4 * y) / (speed * 6);
          const within = (phase - Math.floor(phase)) * speed * 6;
          const edge = Math.min(within, speed * 3 - within);
          return 1 - 0.35 * Math.min(1, Math.max(0, 0.5 + edge / soft));
        });
      },
    };
  }),
  {
    name: 'parked car leaves',
    make: ({ width, height, next, soft }) => {
      const car = {
        x: width * (0.3 + next() * 0.3),
        y: height * 0.5,
        width: 120,
        height: 60,
        contrast: 30,
        solid: true,
      };
      const leave = learnSeconds + 4;
      const body = next() < 0.5 ? 30 : 190;
      return (picture, seconds) => {
        const x = car.x + Math.max(0, seconds - leave) ** 2 * 60;
        drawBody(picture, soft, { ...car, contrast: body, x });
        if (seconds < learnSeconds || (seconds >= leave && seconds < leave + 0.4)) return 'ignored';
        if (x < width - 20) return seconds < leave ? 'still' : 'moving';
        const gone = leave + Math.sqrt((width - 20 - car.x) / 60);
        return seconds < gone + settleSeconds ? 'ignored' : 'still';
      };
    },
  },
  disturbed('camera shake', ({ next, width, height }) => {
    const whole = new Picture(width, height);
    return {
      after: (picture) => {
        whole.set(picture);
        picture.shift(whole, normal(next) * 0.8, normal(next) * 0.8);
      },
    };
  }),
  {
    name: 'IR switch',
    make: ({ next, background }) => {
      const turns = [learnSeconds + 3, learnSeconds + 10, learnSeconds + 17];
      const [vignette, tone] = [0.4 + next() * 0.4, 0.5 + next() * 0.6];
      const { width, height } = background;
      return (picture, seconds) => {
        const turned = turns.filter((turn) => seconds >= turn);
        if (turned.length % 2 === 1) {
          for (let y = 0; y < height; y++) {
            for (let x = 0; x < width; x++) {
              const r = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) * 2;
              const at = y * width + x;
              picture.data[at] = 255 * (picture.data[at]! / 255) ** tone * (1 - vignette * r);
            }
          }
        }
        if (seconds < learnSeconds || seconds - (turned.at(-1) ?? 0) < 1.5) return 'ignored';
        return 'still';
      };
    },
  },
];

function sway(picture: Picture, from: Picture, { x, y, width, height }: Place, dx: number): void {
  const [left, top] = [Math.max(1, Math.floor(x)), Math.max(0, Math.floor(y))];
  for (let row = top; row < Math.min(picture.height, y + height); row++) {
    for (let column = left; column < Math.min(picture.width - 1, x + width); column++) {
      // The edge of a bush is held, its middle moves most.
      const hold = Math.sin((Math.PI * (column - x)) / width) * Math.sin((Math.PI * (row - y)) / height);
      const source = Math.min(picture.width - 2, Math.max(0, column - dx * Math.max(0, hold) * 1.5));
      const [u, share] = [Math.floor(source), source - Math.floor(source)];
      const at = row * picture.width + u;
      picture.data[row * picture.width + column] = from.data[at]! * (1 - share) + from.data[at + 1]! * share;
    }
  }
}

/** Draws a whole clip. The same seed gives the same one. */
export function draw(scene: Scene, background: Picture, fps: number, seed: number): Clip {
  const { width, height } = background;
  const frames = Math.round(clipSeconds * fps);
  const bytes = new Uint8Array(frames * width * height);
  const own = new Picture(width, height).set(background);
  const soft = new Picture(width, height).soften(background, 61);
  const next = random(seed * 7919 + scene.name.length);
  const drawFrame = scene.make({ width, height, fps, background: own, soft, next });
  const noise = new Noise(seed + 1);
  const { white, smeared } = scene.sensor ?? day;
  const picture = new Picture(width, height);
  const truths: Truth[] = [];
  for (let i = 0; i < frames; i++) {
    truths.push(drawFrame(picture.set(own), i / fps, i));
    noise.expose(picture, white, smeared, bytes.subarray(i * width * height, (i + 1) * width * height));
  }
  return { scene: scene.name, fps, width, height, truths, bytes };
}
