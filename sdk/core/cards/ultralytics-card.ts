import { InputError } from '../../base/errors.ts';
import { validate } from '../../config/validate.ts';
import { pictureInput } from '../engines/binding.ts';
import type { TensorInfo } from '../engines/engine.ts';
import { ClassifierCard, DetectorCard, takenBy } from './card.ts';
import { bodyEdges, type UltralyticsInfo } from './ultralytics.ts';

/** What a model tells about itself once loaded. */
interface Tensors {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
}

/**
 * The card of a detector that Ultralytics' exporter wrote, from its metadata and the shape of its first output.
 *
 * @throws InputError when it is a classifier, or the output could be read in several ways, or not.
 */
export function ultralyticsCard(info: UltralyticsInfo, tensors: Tensors): DetectorCard {
  return recogniseUltralytics(info, tensors).card;
}

/** The same with the reasons: what in the file says how the output is read. @throws InputError as `ultralyticsCard` does. */
export function recogniseUltralytics(
  info: UltralyticsInfo,
  { inputs, outputs }: Tensors,
): { card: DetectorCard; reasons: string[] } {
  if (info.task === 'classify') {
    throw new InputError(`expected a model of the task detect, its metadata says classify: ${takenBy.classify}`);
  }
  const input = inputOf(info, inputs);
  const { decoder, reason } = decoderOf(info, input, outputs);
  const isDetr = decoder.type === 'rtdetr' || decoder.boxes === 'cxcywh';
  const card = {
    name: info.name,
    task: 'detect',
    // Its RT-DETR is trained on pictures that fill the input.
    input: { ...input, resize: isDetr ? 'stretch' : 'letterbox' },
    decoder: { ...decoder, output: outputs[0]?.name },
    labels: [...info.labels],
    ...(info.task === 'pose' && info.keypoints && { keypoints: skeletonOf(info.keypoints.names) }),
  };
  const reasons = [metadataOf(info), `output ${outputs[0]?.name} [${outputs[0]?.shape.join(', ')}]: ${reason}`];
  if (decoder.prototypes !== undefined)
    reasons.push(
      `${decoder.extra} numbers after the classes weight the prototypes of output ${decoder.prototypes}: masks`,
    );
  else if (info.keypoints && decoder.extra !== undefined)
    reasons.push(`${decoder.extra} numbers after the classes are ${info.keypoints.names.length} keypoints (kpt_shape)`);
  return { card: validate(DetectorCard, card, `the card made from ${info.name}'s metadata`), reasons };
}

/** What the metadata says, in a sentence. */
export function metadataOf({ labels, task, size, description }: UltralyticsInfo): string {
  const of = description === '' ? 'Ultralytics’ metadata' : `Ultralytics’ metadata (${description})`;
  const input = size ? `, ${size.width}x${size.height}` : '';
  return `${of}: ${counted(labels.length)}${task === undefined ? '' : `, task ${task}`}${input}`;
}

/**
 * The card of a classifier that Ultralytics' exporter wrote. It has no embedding: nothing can be learned from it.
 *
 * @throws InputError when it is a detector, or its output does not fit its labels.
 */
export function ultralyticsClassifierCard(info: UltralyticsInfo, { inputs, outputs }: Tensors): ClassifierCard {
  if (info.task !== 'classify') {
    throw new InputError(
      `expected a model of the task classify, its metadata is that of a detector: ${takenBy.detect}`,
    );
  }
  const card = {
    name: info.name,
    task: 'classify',
    input: { ...inputOf(info, inputs), resize: info.size?.width === info.size?.height ? 'crop' : 'stretch' },
    outputs: { logits: outputs[0]?.name },
    labels: [...info.labels],
  };
  return validate(ClassifierCard, card, `the card made from ${info.name}'s metadata`);
}

function inputOf({ size }: UltralyticsInfo, inputs: readonly TensorInfo[]) {
  const input = pictureInput(inputs);
  const channels = input?.shape[1] === 1 ? 'GRAY' : 'RGB';
  return { name: input?.name, ...(size ?? sizeOf(input)), channels, mean: [0, 0, 0], std: [255, 255, 255] };
}

function sizeOf(input: TensorInfo | undefined): { width: number; height: number } {
  const [, , height, width] = input?.shape ?? [];
  if (typeof height !== 'number' || typeof width !== 'number' || height < 1 || width < 1) {
    throw new InputError(
      `expected imgsz in the metadata or a fixed input [1, 3, height, width], got [${input?.shape.join(', ')}]; write a card that says the size`,
    );
  }
  return { width, height };
}

interface Decoder {
  readonly type: 'yolov5' | 'yolov8' | 'suppressed' | 'rtdetr';
  readonly boxes?: 'xyxy' | 'cxcywh';
  readonly normalised?: boolean;
  readonly extra?: number;
  readonly prototypes?: string;
}

const relative: Decoder = { type: 'suppressed', boxes: 'cxcywh', normalised: true };

/** How an output is read, and why. */
interface Layout {
  readonly decoder: Decoder;
  readonly reason: string;
}

/** With one or two classes, several layouts have six numbers per row: only the metadata tells them apart. */
function decoderOf(
  info: UltralyticsInfo,
  size: { width: number; height: number },
  outputs: readonly TensorInfo[],
): Layout {
  const { labels, suppressed, head, description } = info;
  const classes = labels.length;
  const shape = outputs[0]?.shape ?? [];
  const [, rows, columns] = shape;
  const extra = extraOf(info, outputs);
  const prototypes = info.task !== 'pose' && extra > 0 ? outputs[1]?.name : undefined;
  const more = { ...(extra > 0 && { extra }), ...(prototypes !== undefined && { prototypes }) };
  const isOpen = (side: number | string | undefined) => typeof side === 'string' || (side !== undefined && side <= 0);
  const as = (decoder: Decoder, reason: string): Layout => ({ decoder, reason });
  if (shape.length === 3) {
    const isDetr = head === 'RTDETRDecoder' || (head === undefined && /rt-?detr/.test(description));
    if (isDetr) {
      const by = head === undefined ? 'the description says RT-DETR' : `the metadata's head is ${head}`;
      // The best class of each query since 8.4.50, whose files look like scores of two classes; `head` came later.
      if (head === undefined ? columns === 6 && classes !== 2 : columns === 6 || isOpen(columns)) {
        return as(relative, `${by}, and rows of six are centre and size as fractions, score, class`);
      }
      if (columns === 4 + classes && classes !== 2) {
        return as({ type: 'rtdetr' }, `${by}, and a row has a score for each class`);
      }
    } else if (suppressed && (columns === 6 + extra || (isOpen(columns) && rows !== 4 + classes + extra))) {
      return as(
        { type: 'suppressed', ...more },
        'the metadata says end2end or nms: rows are x1, y1, x2, y2, score, class',
      );
    } else if (rows === 4 + classes + extra) {
      return as({ type: 'yolov8', ...more }, 'as many rows as four for the box and one a class');
    } else if (isOpen(rows) && isOpen(columns)) {
      // Each run is checked against it.
      return as(
        { type: info.task ? 'yolov8' : 'yolov5', ...more },
        `open sides, and ${info.task ? 'a' : 'no'} task in the metadata: ${info.task ? 'YOLOv8 and later write' : 'only YOLOv5 writes none'}`,
      );
    } else if (columns === 6 + extra && /yolov10/.test(description)) {
      // Before 8.4 only the name says that this head needs no suppression.
      return as({ type: 'suppressed', ...more }, 'the description says YOLOv10, which needs no suppression');
    } else if (columns === 5 + classes + extra && (classes > 1 || isGrid(rows, size) || (isOpen(rows) && !info.task))) {
      return as({ type: 'yolov5', ...more }, 'rows of four for the box, an objectness and one a class');
    } else if (columns === 4 + classes && columns !== 6) {
      return as({ type: 'rtdetr' }, 'rows of four for the box and one a class');
    }
  }
  throw new InputError(
    `expected a first output of [1, ${4 + classes + extra}, N] (YOLOv8), [1, N, ${5 + classes + extra}] (YOLOv5), or [1, N, ${6 + extra}] with end2end or nms in the metadata, for ${counted(classes)}, ` +
      `got [${shape.join(', ')}]; write a card that tells how to read it: "decoder": {"type": "suppressed"} for rows of x1, y1, x2, y2, score, class; ` +
      '{"type": "suppressed", "boxes": "cxcywh", "normalised": true} for RT-DETR\'s, or {"type": "rtdetr"} where each row has a score for each class',
  );
}

const counted = (labels: number) => `${labels} label${labels === 1 ? '' : 's'}`;

/** The points of a body are joined; of others the card says nothing. */
function skeletonOf(names: readonly string[]) {
  const edges = bodyEdges.map((pair) => pair.map((name) => names.indexOf(name)));
  return { names: [...names], edges: edges.filter((pair) => !pair.includes(-1)) };
}

/** Numbers of a row after box and classes: mask coefficients, or keypoints. */
function extraOf({ task, keypoints }: UltralyticsInfo, outputs: readonly TensorInfo[]): number {
  if (task === 'pose') return keypoints ? keypoints.names.length * keypoints.width : 0;
  const masks = outputs[1]?.shape;
  if (task === 'segment' || (task === undefined && masks?.length === 4)) {
    // As many as there are prototypes.
    return typeof masks?.[1] === 'number' && masks[1] > 0 ? masks[1] : 32;
  }
  return 0;
}

/** Whether this is YOLOv5's number of rows: three for each cell of strides 8 to 32, or 8 to 64. */
function isGrid(rows: number | string | undefined, { width, height }: { width: number; height: number }): boolean {
  const cells = (stride: number) => Math.ceil(width / stride) * Math.ceil(height / stride);
  const three = 3 * (cells(8) + cells(16) + cells(32));
  return rows === three || rows === three + 3 * cells(64);
}
