import { access, readFile } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import { parse } from 'yaml';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import type { Size } from '../../sdk/frame/letterbox.ts';
import type { TrueObject } from '../../sdk/vision/average-precision.ts';
import { printNote } from '../shared/output.ts';

/**
 * Where the labels of a picture may be: beside it, or in `labels/` where it is in `images/`, as Ultralytics, Roboflow and Label Studio
 * have them.
 */
export function labelFilesOf(picture: string): string[] {
  const beside = `${picture.slice(0, -extname(picture).length)}.txt`;
  const parts = resolve(beside).split(sep);
  const at = parts.lastIndexOf('images');
  return at < 0 ? [beside] : [beside, parts.with(at, 'labels').join(sep)];
}

/** The labels of a picture; undefined when it has none. */
export async function labelFileOf(picture: string): Promise<string | undefined> {
  for (const file of labelFilesOf(picture)) {
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}

/** What the class numbers of a set mean, as a file of it says. */
interface ClassNames {
  readonly file: string;
  readonly names: ReadonlyMap<number, string>;
}

/**
 * Reads YOLO labels as objects of a network's classes. The numbers of a set are its own: where a file of it has their names, classes
 * are matched by name; else numbers are taken for the network's.
 */
export class YoloLabels {
  readonly #labels: readonly string[];
  readonly #names = new Map<string, Promise<ClassNames | undefined>>();
  /** Objects that the network knows nothing of, by the set's name. */
  readonly #strangers = new Map<string, number>();

  /** @param labels The network's classes. */
  constructor(labels: readonly string[]) {
    this.#labels = labels;
  }

  /**
   * @param file Of labels.
   * @param size Of its picture.
   * @returns Boxes in pixels of the picture; without objects of classes that the network does not know, which `tell` counts.
   * @throws InputError when it cannot be read, or something else is in it.
   */
  async read(file: string, size: Size): Promise<TrueObject[]> {
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      throw new InputError(`${file}: expected a readable file of YOLO labels; ${messageOf(error)}`);
    });
    const names = await this.#namesFor(dirname(resolve(file)));
    const objects: TrueObject[] = [];
    for (const { line, where } of linesOf(text, file)) {
      const row = rowOf(line, where, names ?? this.#labels.length);
      const classId = names ? this.#classOf(names.names.get(row.classId)!) : row.classId;
      if (classId !== undefined) objects.push({ classId, box: inPixels(row.box, size) });
    }
    return objects;
  }

  /** Says which objects were not counted. */
  tell(): void {
    if (this.#strangers.size === 0) return;
    const shown = [...this.#strangers].map(([name, count]) => `${name} (${count})`).join(', ');
    printNote(`not counted, since the network has no class of that name: ${shown}`);
  }

  #classOf(name: string): number | undefined {
    const place = this.#labels.findIndex((label) => plain(label) === plain(name));
    if (place >= 0) return place;
    this.#strangers.set(name, (this.#strangers.get(name) ?? 0) + 1);
    return undefined;
  }

  #namesFor(folder: string): Promise<ClassNames | undefined> {
    let names = this.#names.get(folder);
    if (!names) {
      names = this.#findNames(folder);
      this.#names.set(folder, names);
    }
    return names;
  }

  async #findNames(folder: string): Promise<ClassNames | undefined> {
    for (const place of placesOfNames(folder)) {
      for (const [name, read] of nameFiles) {
        const file = join(place, name);
        const text = await readFile(file, 'utf8').catch(() => undefined);
        if (text === undefined) continue;
        const names = read(text, file);
        const differs = [...names].some(([id, one]) => plain(one) !== plain(this.#labels[id] ?? ''));
        if (differs)
          printNote(`${file}: says what the class numbers mean; they are matched with the network’s by name`);
        return { file, names };
      }
    }
    return undefined;
  }
}

/** `potted_plant`, `Potted plant`: one class. */
const plain = (name: string) => name.normalize('NFC').trim().toLowerCase().replaceAll('_', ' ');

/** Beside the labels; where they are in `labels/` (CVAT: `obj_train_data/`) above them too: SET/labels/val, SET/val/labels. */
function placesOfNames(folder: string): string[] {
  const parts = folder.split(sep);
  const at = Math.max(parts.lastIndexOf('labels'), parts.lastIndexOf('obj_train_data'));
  if (at < 0) return [folder];
  const least = Math.max(1, at - 1);
  const places: string[] = [];
  for (let count = parts.length; count >= least; count--) places.push(parts.slice(0, count).join(sep) || sep);
  return places;
}

type ReadNames = (text: string, file: string) => ReadonlyMap<number, string>;

/** LabelImg and Label Studio write the first, CVAT the second, Ultralytics and Roboflow the last. */
const nameFiles: readonly (readonly [name: string, read: ReadNames])[] = [
  ['classes.txt', namesByLine],
  ['obj.names', namesByLine],
  ['data.yaml', namesOfYaml],
];

function namesByLine(text: string): ReadonlyMap<number, string> {
  const lines = text
    .replace(/^\uFEFF/, '')
    .trimEnd()
    .split('\n');
  return new Map(lines.map((line, i) => [i, line.trim()]));
}

function namesOfYaml(text: string, file: string): ReadonlyMap<number, string> {
  const expected = `${file}: expected "names" in it, a list or a dictionary of class numbers`;
  let names: unknown;
  try {
    names = (parse(text) as { names?: unknown } | null)?.names;
  } catch (error) {
    throw new InputError(`${expected}; ${messageOf(error)}`);
  }
  if (typeof names !== 'object' || names === null) throw new InputError(`${expected}, got ${JSON.stringify(names)}`);
  return new Map(Object.entries(names).map(([id, name]) => [Number(id), String(name)]));
}

function linesOf(text: string, file: string) {
  return text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line, i) => ({ line: line.trim(), where: `${file}, line ${i + 1}` }))
    .filter(({ line }) => line !== '');
}

type Box = readonly [x1: number, y1: number, x2: number, y2: number];

/** What annotation tools round beyond the edge; Ultralytics allows as much. */
const beyond = 0.01;

/** @param known How many classes the network has, or the set's own. */
function rowOf(line: string, where: string, known: number | ClassNames): { classId: number; box: Box } {
  const [classId, ...values] = line.split(/\s+/).map(Number) as [number, ...number[]];
  const isBox = values.length === 4;
  const isOutline = values.length >= 6 && values.length % 2 === 0;
  const isKnown =
    typeof known === 'number' ? Number.isInteger(classId) && classId >= 0 && classId < known : known.names.has(classId);
  if (values.some(Number.isNaN) || !(isBox || isOutline) || !isKnown) {
    const classes = typeof known === 'number' ? `a class from 0 to ${known - 1}` : `a class of ${basename(known.file)}`;
    throw new InputError(
      `${where}: expected "class cx cy w h" with ${classes}, or the corners of an outline, "class x1 y1 x2 y2 x3 y3 …", got "${line}"`,
    );
  }
  const isNegative = isBox && (values[2]! < 0 || values[3]! < 0);
  if (isNegative || values.some((value) => value < -beyond || value > 1 + beyond)) {
    throw new InputError(
      `${where}: expected shares of the picture’s width and height, 0 to 1, got "${line}"; divide pixels by the picture’s size`,
    );
  }
  return { classId, box: isBox ? aroundCentre(values) : aroundCorners(values) };
}

function aroundCentre(values: readonly number[]): Box {
  const [cx, cy, w, h] = values as [number, number, number, number];
  return [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2];
}

function aroundCorners(values: readonly number[]): Box {
  const xs = values.filter((_, i) => i % 2 === 0);
  const ys = values.filter((_, i) => i % 2 === 1);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

function inPixels([x1, y1, x2, y2]: Box, { width, height }: Size): [number, number, number, number] {
  return [x1 * width, y1 * height, x2 * width, y2 * height];
}
