import {
  type Constant,
  type ElementType,
  metadataFields,
  type Operation,
  onnxModel,
  type Value,
} from './onnx-builder.ts';

/**
 * Networks as other people's exporters write them: their names, types, shapes and last nodes, with numbers that do not depend
 * on the picture. 32x32 pixels; two classes, but where it says otherwise.
 */

const picture: Value = { name: 'images', shape: [1, 3, 32, 32] };

/** What a file says of its tensors' shapes where that is not all there is to say: a text is an open side. */
export interface Declared {
  readonly input?: Value['shape'];
  readonly output?: Value['shape'];
}

/** Numbers that look like any: the same in each run. */
export function randomNumbers(count: number, seed: number, low = 0, high = 1): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.fround(low + ((high - low) * state) / 2_147_483_648);
  });
}

export const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));
export const logit = (share: number) => Math.log(share / (1 - share));

interface Part {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  /** The operator that gives it from the numbers. */
  readonly op: 'Sigmoid' | 'Mul' | 'Exp';
}

/** A tensor that joins parts, each after an operator. */
function joined(
  output: string,
  parts: readonly Part[],
  axis: number,
): { constants: Constant[]; operations: Operation[] } {
  const name = (i: number) => `${output}_part${i}`;
  return {
    constants: [
      { name: 'one', shape: [1], data: [1] },
      ...parts.map(({ shape, data }, i) => ({ name: `${name(i)}_numbers`, shape, data })),
    ],
    operations: [
      ...parts.map(({ op }, i) => ({
        op,
        inputs: op === 'Mul' ? [`${name(i)}_numbers`, 'one'] : [`${name(i)}_numbers`],
        outputs: [name(i)],
      })),
      { op: 'Concat', inputs: parts.map((_, i) => name(i)), outputs: [output], ints: { axis } },
    ],
  };
}

export interface Numbers extends Value {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  /** What the file says. Default: its shape. */
  readonly declared?: Value['shape'];
}

/** A network with metadata: fields that follow are of the same message. */
export function withMetadata(
  network: Uint8Array<ArrayBuffer>,
  entries: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat([network, metadataFields(entries)]));
}

/** A network that gives these numbers. */
export function giving(inputs: readonly Value[], outputs: readonly Numbers[]): Uint8Array<ArrayBuffer> {
  return onnxModel({
    inputs,
    outputs: outputs.map(({ name, type, shape, declared = shape }) => ({
      name,
      type: type as ElementType,
      shape: declared,
    })),
    constants: outputs.map(({ name, type, shape, data }) => ({
      name: `${name}_numbers`,
      type: type as ElementType,
      shape,
      data,
    })),
    operations: outputs.map(({ name }) => ({ op: 'Identity', inputs: [`${name}_numbers`], outputs: [name] })),
    opset: 17,
  });
}

/** Rows of classes that had a sigmoid, then distributions: NanoDet's. */
export function nanoDet(
  scores: readonly number[],
  distributions: readonly number[],
  cells = 21,
): Uint8Array<ArrayBuffer> {
  const classes = scores.length / cells;
  const parts: Part[] = [
    { op: 'Sigmoid', shape: [1, cells, classes], data: scores.map(logit) },
    { op: 'Mul', shape: [1, cells, distributions.length / cells], data: distributions },
  ];
  const shape = [1, cells, classes + distributions.length / cells];
  return onnxModel({ inputs: [picture], outputs: [{ name: 'output', shape }], ...joined('output', parts, 2) });
}

/** Box, objectness and classes of 21 cells: YOLOX's. @param isDecoded Boxes are in pixels, of an exponential. */
export function yolox(
  boxes: readonly number[],
  objectness: readonly number[],
  scores: readonly number[],
  isDecoded = false,
  { input = picture.shape, output }: Declared = {},
) {
  const classes = scores.length / 21;
  const parts: Part[] = [
    { op: 'Mul', shape: [1, 21, 4], data: boxes },
    { op: 'Sigmoid', shape: [1, 21, 1], data: objectness.map(logit) },
    { op: 'Sigmoid', shape: [1, 21, classes], data: scores.map(logit) },
  ];
  const { constants, operations } = joined('output', parts, 2);
  return onnxModel({
    inputs: [{ ...picture, shape: input }],
    outputs: [{ name: 'output', shape: output ?? [1, 21, 5 + classes] }],
    constants,
    operations: isDecoded ? [{ op: 'Exp', inputs: ['one'], outputs: ['unused'] }, ...operations] : operations,
  });
}

/** Columns of box and classes: YOLOv8's. */
export function yolov8(
  boxes: readonly number[],
  scores: readonly number[],
  { input = picture.shape, output }: Declared = {},
): Uint8Array<ArrayBuffer> {
  const classes = scores.length / 21;
  const parts: Part[] = [
    { op: 'Mul', shape: [1, 4, 21], data: boxes },
    { op: 'Sigmoid', shape: [1, classes, 21], data: scores.map(logit) },
  ];
  return onnxModel({
    inputs: [{ ...picture, shape: input }],
    outputs: [{ name: 'output0', shape: output ?? [1, 4 + classes, 21] }],
    ...joined('output0', parts, 1),
  });
}

/** Three rows for each cell: YOLOv5's and YOLOv7's. */
export function yolov5(rows: readonly number[]): Uint8Array<ArrayBuffer> {
  return giving([picture], [{ name: 'output', shape: [1, 63, rows.length / 63], data: rows }]);
}

/** RT-DETR, D-FINE and DEIM with their post-processing. */
export function detrWithSizes(labels: readonly number[], boxes: readonly number[], scores: readonly number[]) {
  const count = labels.length;
  return onnxModel({
    inputs: [
      { name: 'images', shape: ['N', 3, 32, 32] },
      { name: 'orig_target_sizes', type: 'int64', shape: ['N', 2] },
    ],
    outputs: [
      { name: 'labels', type: 'int64', shape: ['N', count] },
      { name: 'boxes', shape: ['N', count, 4] },
      { name: 'scores', shape: ['N', count] },
    ],
    constants: [
      { name: 'labels_numbers', type: 'int64', shape: [1, count], data: labels },
      { name: 'boxes_numbers', shape: [1, count, 4], data: boxes },
      { name: 'scores_numbers', shape: [1, count], data: scores },
      { name: 'axis', type: 'int64', shape: [1], data: [1] },
    ],
    // Boxes are fractions, which the network multiplies by width and height, as they come in.
    operations: [
      { op: 'Cast', inputs: ['orig_target_sizes'], outputs: ['sizes'], ints: { to: 1 } },
      { op: 'Concat', inputs: ['sizes', 'sizes'], outputs: ['four'], ints: { axis: 1 } },
      { op: 'Unsqueeze', inputs: ['four', 'axis'], outputs: ['scale'] },
      { op: 'Mul', inputs: ['boxes_numbers', 'scale'], outputs: ['boxes'] },
      { op: 'Identity', inputs: ['labels_numbers'], outputs: ['labels'] },
      { op: 'Identity', inputs: ['scores_numbers'], outputs: ['scores'] },
    ],
  });
}

/** RF-DETR: boxes as fractions, and logits. */
export function rfDetr(boxes: readonly number[], logits: readonly number[]): Uint8Array<ArrayBuffer> {
  const count = boxes.length / 4;
  return giving(
    [{ name: 'input', shape: [1, 3, 32, 32] }],
    [
      { name: 'dets', shape: [1, count, 4], data: boxes },
      { name: 'labels', shape: [1, count, logits.length / count], data: logits },
    ],
  );
}

/** torchvision's detectors, with names as torch gives them. */
export function torchvision(boxes: readonly number[], scores: readonly number[], labels: readonly number[]) {
  const count = labels.length;
  return giving(
    [{ name: 'image', shape: [3, 32, 32] }],
    [
      { name: '2811', shape: [count, 4], declared: ['boxes', 4], data: boxes },
      { name: '2812', shape: [count], declared: ['scores'], data: scores },
      { name: '2813', type: 'int64', shape: [count], declared: ['labels'], data: labels },
    ],
  );
}

const bytes = { name: 'input_tensor', type: 'uint8', shape: [1, 32, 32, 3] } as const;

/** TensorFlow's Object Detection API. */
export function tensorFlowZoo(
  boxes: readonly number[],
  classes: readonly number[],
  scores: readonly number[],
  count: number,
) {
  const rows = classes.length;
  return giving(
    [bytes],
    [
      { name: 'detection_anchor_indices', shape: [1, rows], data: classes },
      { name: 'detection_boxes', shape: [1, rows, 4], data: boxes },
      { name: 'detection_classes', shape: [1, rows], data: classes },
      { name: 'detection_scores', shape: [1, rows], data: scores },
      { name: 'num_detections', shape: [1], data: [count] },
      { name: 'raw_detection_boxes', shape: [1, 9, 4], data: new Array(36).fill(0) },
    ],
  );
}

/** EfficientDet-Lite out of a TFLite file. */
export function efficientDetLite(
  boxes: readonly number[],
  classes: readonly number[],
  scores: readonly number[],
  count: number,
) {
  const rows = classes.length;
  return giving(
    [{ ...bytes, name: 'serving_default_images:0' }],
    [
      { name: 'StatefulPartitionedCall:0', shape: [1], data: [count] },
      { name: 'StatefulPartitionedCall:1', shape: [1, rows], data: scores },
      { name: 'StatefulPartitionedCall:2', shape: [1, rows], data: classes },
      { name: 'StatefulPartitionedCall:3', shape: [1, rows, 4], data: boxes },
    ],
  );
}

/** EfficientDet of the automl repository. */
export function efficientDet(rows: readonly number[]): Uint8Array<ArrayBuffer> {
  return giving(
    [{ ...bytes, name: 'image_arrays:0' }],
    [{ name: 'detections:0', shape: [1, rows.length / 7, 7], data: rows }],
  );
}

/** PicoDet: pairs for the strides 8 to 64, of 16, 4, 1 and 1 cells. @param bins Of a side. */
export function picoDet(
  scores: readonly (readonly number[])[],
  distributions: readonly (readonly number[])[],
  bins = 8,
) {
  const cells = [16, 4, 1, 1];
  return giving(
    [{ name: 'image', shape: [1, 3, 32, 32] }],
    [
      ...scores.map((data, i) => ({
        name: `transpose_${2 * i}.tmp_0`,
        shape: [1, cells[i]!, data.length / cells[i]!],
        data,
      })),
      ...distributions.map((data, i) => ({
        name: `transpose_${2 * i + 1}.tmp_0`,
        shape: [1, cells[i]!, 4 * bins],
        data,
      })),
    ],
  );
}
