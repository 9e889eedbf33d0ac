import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CameraSettings, Settings } from '../../../sdk/config/schema.ts';
import { SizeMap } from '../../../sdk/vision/gaze/size-map.ts';
import { pointInPolygon } from '../../../sdk/vision/geometry.ts';

/** Which stream a camera needs for what was seen in its view. */
export interface StreamAdvice {
  readonly camera: string;
  /** What is smallest there, and in which zone it stands, if in one. */
  readonly label: string;
  readonly zone: string | null;
  /** Its larger side, a fraction of the larger side of the picture, 0..1. */
  readonly size: number;
  /** The least width that shows it large enough; null where the largest stream does not. */
  readonly width: number | null;
  readonly words: string;
}

/** The larger side of an object, pixels of the stream, from which it is found where the network looks closer: docs/far.md. */
const enough = 40;
/** And pixels of the network's input, where it sees the whole view only. */
const enoughOfInput = 48;
/** What cameras offer, 16 to 9. */
const widths = [640, 960, 1280, 1920, 2560, 3840] as const;
/** This fraction of all that was seen may be smaller. */
const rare = 0.05;
/** So many observations, one a second and object, say something. */
const leastSeen = 20;

/** For each camera that has learnt the sizes in its view. @param data The node's folder. @param input Width of the network's input. */
export async function streamAdvice(settings: Settings, data: string, input: number): Promise<StreamAdvice[]> {
  const all = await Promise.all(
    Object.entries(settings.cameras).map(async ([name, camera]) => {
      const text = await readFile(join(data, 'views', `${name}.json`), 'utf8').catch(() => undefined);
      return text === undefined ? undefined : adviceOf(name, camera, parsed(text), input);
    }),
  );
  return all.filter((one) => one !== undefined);
}

/** @param kept What the camera keeps of its view. @returns Undefined where too little was seen. */
export function adviceOf(
  camera: string,
  { detect, zones }: Pick<CameraSettings, 'detect' | 'zones'>,
  kept: unknown,
  input: number,
): StreamAdvice | undefined {
  const map = new SizeMap();
  map.take(kept);
  const sizes = map.seen.map((one) => ({ ...one, least: one.size / one.spread })).sort((a, b) => a.least - b.least);
  const total = sizes.reduce((sum, { count }) => sum + count, 0);
  if (total < leastSeen) return undefined;
  let seen = 0;
  const smallest = sizes.find(({ count }) => (seen += count) > total * rare)!;
  const { label, least: size, place } = smallest;
  const at = [(place[0] + place[2]) / 2, (place[1] + place[3]) / 2] as const;
  const zone = Object.entries(zones).find(([, { polygon }]) => pointInPolygon(at, polygon))?.[0] ?? null;
  const who = `${camera}: what is smallest${zone === null ? '' : ` in ${zone}`}, ${label},`;
  const advice = { camera, label, zone, size: Math.round(size * 1e4) / 1e4 };
  const pixels = (width: number) => Math.round(size * width);
  if (detect.far === 'off') {
    // A larger stream changes nothing: all are shrunk to the input.
    const isSeen = size * input >= enoughOfInput;
    const fitting = widths.find((one) => one >= input)!;
    const words = isSeen
      ? `has ${pixels(input)} of the network's ${input} pixels: ${fitting} wide is enough`
      : `has ${pixels(input)} of the network's ${input} pixels, ${enoughOfInput} are needed: detect.far: auto looks closer, with a larger stream`;
    return { ...advice, width: isSeen ? fitting : null, words: `${who} ${words}` };
  }
  const width = widths.find((one) => size * one >= enough) ?? null;
  const words =
    width === null
      ? `is ${pixels(widths.at(-1)!)} pixels even at ${widths.at(-1)} wide: move the camera closer, or take a longer lens`
      : `is ${pixels(width)} pixels at ${width} wide: ${width}x${(width * 9) / 16} is enough`;
  return { ...advice, width, words: `${who} ${words}` };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
