import { parse } from 'yaml';
import { validate } from '../config/validate.ts';
import { InputError } from '../errors.ts';
import { DetectorCard } from './card.ts';
import type { TensorInfo } from './engines/engine.ts';

/** What Ultralytics' exporter writes into an ONNX file's metadata, as far as it is needed. */
export interface UltralyticsInfo {
  readonly ultralytics: true;
  readonly name: string;
  readonly labels: readonly string[];
  /** Undefined where the exporter leaves it out (YOLOv5's does): the model's input says it then. */
  readonly size: { readonly width: number; readonly height: number } | undefined;
}

/**
 * @param name The model's name.
 * @param what Names the file in errors.
 * @returns Undefined when the metadata is not Ultralytics'.
 * @throws InputError when it is, and cannot be used.
 */
export function readUltralytics(
  metadata: ReadonlyMap<string, string>,
  name: string,
  what: string,
): UltralyticsInfo | undefined {
  const names = metadata.get('names');
  const size = metadata.get('imgsz');
  if (names === undefined || (size === undefined && !metadata.has('stride'))) return undefined;
  const task = metadata.get('task');
  if (task !== undefined && task !== 'detect') {
    throw new InputError(`${what}: expected a model of the task detect, its metadata says ${task}`);
  }
  // Both are Python literals, and short ones are YAML as well.
  return {
    ultralytics: true,
    name:
      name
        .toLowerCase()
        .replace(/[^a-z0-9._-]+/g, '-')
        .replace(/^[^a-z0-9]+/, '') || 'model',
    labels: labelsOf(parseLiteral(names, what, 'names'), what),
    size: size === undefined ? undefined : sizeOf(parseLiteral(size, what, 'imgsz'), what),
  };
}

/**
 * Completes the card with what the output's shape says: `[1, 4 + classes, N]` is YOLOv8's way, `[1, N, 5 + classes]`
 * YOLOv5's.
 *
 * @throws InputError when it is neither.
 */
export function ultralyticsCard(
  info: UltralyticsInfo,
  inputs: readonly TensorInfo[],
  outputs: readonly TensorInfo[],
): DetectorCard {
  const output = outputs[0];
  const [, rows, columns] = output?.shape ?? [];
  const classes = info.labels.length;
  const type = rows === 4 + classes ? 'yolov8' : columns === 5 + classes ? 'yolov5' : undefined;
  if (output?.shape.length !== 3 || !type) {
    throw new InputError(
      `expected a first output of [1, ${4 + classes}, N] (YOLOv8) or [1, N, ${5 + classes}] (YOLOv5) for ${classes} labels, ` +
        `got [${output?.shape.join(', ')}]; write a card that says how to read it`,
    );
  }
  return validate(
    DetectorCard,
    {
      name: info.name,
      task: 'detect',
      input: {
        name: inputs[0]?.name,
        ...(info.size ?? sizeOfInput(inputs[0])),
        channels: 'RGB',
        mean: [0, 0, 0],
        std: [255, 255, 255],
      },
      decoder: { type, output: output.name },
      labels: [...info.labels],
    },
    `the card made from ${info.name}'s metadata`,
  );
}

function sizeOfInput(input: TensorInfo | undefined): { width: number; height: number } {
  const [, , height, width] = input?.shape ?? [];
  if (typeof height !== 'number' || typeof width !== 'number' || height < 1 || width < 1) {
    throw new InputError(
      `expected imgsz in the metadata or a fixed input [1, 3, height, width], got [${input?.shape.join(', ')}]; write a card that says the size`,
    );
  }
  return { width, height };
}

function parseLiteral(text: string, what: string, key: string): unknown {
  try {
    return parse(text);
  } catch {
    throw new InputError(`${what}: the metadata's ${key} cannot be read: ${text.slice(0, 80)}`);
  }
}

function sizeOf(value: unknown, what: string): { width: number; height: number } {
  const list = Array.isArray(value) ? value : [value, value];
  const [height, width] = list.length === 1 ? [list[0], list[0]] : list;
  if (!Number.isInteger(height) || !Number.isInteger(width)) {
    throw new InputError(`${what}: expected the metadata's imgsz to be [height, width], got ${JSON.stringify(value)}`);
  }
  return { width, height };
}

function labelsOf(value: unknown, what: string): string[] {
  const entries: [string, unknown][] = value && typeof value === 'object' ? Object.entries(value) : [];
  const labels = entries.map(([key, label], index) => {
    if (key !== String(index) || typeof label !== 'string' || label === '') {
      throw new InputError(`${what}: expected the metadata's names to be {0: 'first', 1: 'second', …}`);
    }
    return label;
  });
  if (labels.length === 0) throw new InputError(`${what}: expected names in the metadata, got none`);
  return labels;
}
