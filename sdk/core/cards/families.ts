import { pictureInput } from '../engines/binding.ts';
import type { TensorInfo } from '../engines/engine.ts';
import { isWholeNumber } from '../engines/narrowed.ts';
import type { DetectorCard } from './card.ts';
import { fixedSide, type NetworkFacts, shapeText } from './network.ts';
import type { ToldInside } from './told-inside.ts';

/** Something that a file does not tell, and what would settle it. */
export interface OpenQuestion {
  readonly what: string;
  readonly settle: string;
}

/** A kind of network that a file may be, from the names, types and shapes of its inputs and outputs, and its last nodes. */
export interface Finding {
  /** `YOLOX`; as people who exported it call it. */
  readonly family: string;
  /** What in the file says so. */
  readonly reasons: readonly string[];
  /** What is not in the file, but the same for all networks of this family. */
  readonly assumed: readonly string[];
  readonly open: readonly OpenQuestion[];
  readonly decoder: DetectorCard['decoder'];
  readonly input: Partial<DetectorCard['input']>;
  /** How many classes it scores, where its shapes tell. */
  readonly classes?: number;
  /** What it finds, where all networks of the family find the same. */
  readonly labels?: readonly string[];
  readonly keypoints?: NonNullable<DetectorCard['keypoints']>;
}

type Size = { readonly width: number; readonly height: number };

/** Recognises one kind of network; a function for each. @param size Of the picture, where it is known. */
type Family = (network: NetworkFacts, size: Size | undefined, labels: number | undefined) => Finding | undefined;

const imageNet = { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] } as const;
const unit = { mean: [0, 0, 0], std: [255, 255, 255] } as const;
const copyOf = ({ mean, std }: typeof imageNet | typeof unit) => ({
  mean: [...mean] as [number, number, number],
  std: [...std] as [number, number, number],
});

const byName = (outputs: readonly TensorInfo[], name: string) =>
  outputs.find((one) => one.name === name || one.name === `${name}:0`);
const isFloat = ({ type }: TensorInfo) => type === 'float32' || type === 'float16';
const isWhole = ({ type }: TensorInfo) => type === 'int64' || type === 'int32';
/** Whether a shape is as described; `undefined` where any side will do. Open sides always do. */
const isShaped = ({ shape }: TensorInfo, ...sides: (number | undefined)[]) =>
  shape.length === sides.length &&
  sides.every((side, i) => side === undefined || fixedSide(shape[i]) === undefined || fixedSide(shape[i]) === side);
const told = (...tensors: readonly (TensorInfo | undefined)[]) =>
  tensors.map((one) => `${one!.name} ${one!.type} ${shapeText(one!)}`).join(', ');

/** The decoder of what comes out of a post-processing: x1, y1, x2, y2 in pixels, class and score of each box. */
const inPixels = (boxes: TensorInfo, classes: TensorInfo, scores: TensorInfo) => ({
  type: 'ssd' as const,
  outputs: { boxes: boxes.name, classes: classes.name, scores: scores.name },
  box_order: 'xyxy' as const,
  normalised: false,
});
/** The decoder of queries without post-processing: boxes as fractions, a logit for each class. */
const queries = (boxes: TensorInfo, logits: TensorInfo) => ({
  type: 'rtdetr' as const,
  outputs: { boxes: boxes.name, scores: logits.name },
  logits: true,
  classes: 'all' as const,
});

/** RT-DETR, D-FINE and DEIM as their authors export them: the post-processing is in the graph, and takes the size. */
const detrWithSizes: Family = ({ inputs, outputs }) => {
  const sizes = inputs.find(({ name }) => name === 'orig_target_sizes');
  const [boxes, classes, scores] = ['boxes', 'labels', 'scores'].map((name) => byName(outputs, name));
  if (!sizes || !boxes || !classes || !scores) return undefined;
  return {
    family: 'RT-DETR, D-FINE or DEIM, with their own post-processing',
    reasons: [
      `the second input ${sizes.name} is the size that boxes are scaled to`,
      `its outputs are ${told(classes, boxes, scores)}: what is left after the post-processing`,
    ],
    assumed: [
      'RGB, pixels divided by 255, stretched to the input: DEIMv2 with a DINOv3 backbone alone also wants the mean and deviation of ImageNet',
    ],
    open: [],
    decoder: inPixels(boxes, classes, scores),
    input: { ...copyOf(unit), resize: 'stretch' },
  };
};

/** RF-DETR: boxes as fractions, and a logit for each class and one more, which is never right. */
const rfDetr: Family = ({ inputs, outputs }, _, labels) => {
  const boxes = byName(outputs, 'dets');
  const logits = byName(outputs, 'labels');
  if (inputs.length !== 1 || !boxes || !logits || !isShaped(boxes, undefined, undefined, 4)) return undefined;
  if (!isFloat(logits) || logits.shape.length !== 3) return undefined;
  const columns = fixedSide(logits.shape[2]);
  const others = outputs.filter((one) => one !== boxes && one !== logits).map(({ name }) => name);
  const masks = others.length > 0 ? [`its other outputs (${others.join(', ')}) are masks, which are not read`] : [];
  const isSpared = columns !== undefined && labels === columns - 1;
  return {
    family: 'RF-DETR',
    reasons: [
      `its outputs are ${told(boxes, logits)}: boxes, and logits of type float where others have class numbers`,
      ...masks,
    ],
    assumed: [
      'RGB, the mean and deviation of ImageNet, stretched to a square; each class of a box that passes counts, as its own post-processing has it',
    ],
    open: isSpared
      ? [
          {
            what: `which of its ${columns} logits has no label: the first (pretrained on COCO, whose class numbers begin at 1) or the last (most that were trained on other data)`,
            settle: `give ${columns} labels, one a logit, or write the card with "first_class": 1 or "extra": 1 in its decoder`,
          },
        ]
      : [],
    decoder: queries(boxes, logits),
    input: { ...copyOf(imageNet), resize: 'stretch' },
    ...(columns !== undefined && !isSpared && { classes: columns }),
  };
};

/** DETR and its relatives as transformers exports them. */
const detrRaw: Family = ({ outputs }) => {
  const boxes = byName(outputs, 'pred_boxes');
  const logits = byName(outputs, 'logits');
  if (!boxes || !logits || !isShaped(boxes, undefined, undefined, 4) || logits.shape.length !== 3) return undefined;
  return {
    family: 'DETR or one of its relatives, as transformers exports them',
    reasons: [`its outputs are ${told(boxes, logits)}: boxes as fractions and logits, without post-processing`],
    assumed: ['RGB, stretched to the input'],
    open: [
      {
        what: 'whether the scores are the sigmoid of the logits (RT-DETR, D-FINE) or their softmax, with a last class for no object (DETR, YOLOS), which no decoder here reads',
        settle: 'write the card, with "logits": true for the sigmoid, and check it by `ocellus eval`',
      },
      {
        what: 'the mean and deviation of the pixels',
        settle:
          'see do_normalize, image_mean and image_std in the preprocessor_config.json beside the original: multiply them by 255',
      },
    ],
    decoder: queries(boxes, logits),
    input: { ...copyOf(unit), resize: 'stretch' },
    ...(fixedSide(logits.shape[2]) !== undefined && { classes: fixedSide(logits.shape[2])! }),
  };
};

/** torchvision's detectors take one picture, not a batch, and do everything inside. */
const torchvision: Family = ({ inputs, outputs }) => {
  const [input, ...others] = inputs;
  if (!input || others.length > 0 || !isShaped(input, 3, undefined, undefined)) return undefined;
  const boxes = outputs.find((one) => isFloat(one) && isShaped(one, undefined, 4) && one.shape[1] === 4);
  const classes = outputs.find((one) => isWhole(one) && one.shape.length === 1);
  const scores = outputs.find((one) => isFloat(one) && one.shape.length === 1);
  if (!boxes || !classes || !scores) return undefined;
  return {
    family: 'torchvision (SSD, SSDLite, RetinaNet, FCOS, Faster R-CNN)',
    reasons: [
      `its input ${input.name} ${shapeText(input)} is a single picture, without a batch`,
      `its outputs are ${told(boxes, classes, scores)}: what is left after the suppression inside`,
    ],
    assumed: [
      'RGB, pixels divided by 255 (mean, deviation and size are applied inside), class 1 is the first label: 0 is the background',
    ],
    open: [],
    decoder: { ...inPixels(boxes, classes, scores), first_class: 1 },
    input: copyOf(unit),
  };
};

/** Where an exporter puts the parts of its names: `StatefulPartitionedCall/detection_boxes:0`. */
const endsIn = (outputs: readonly TensorInfo[], name: string) =>
  outputs.find((one) => one.name.replace(/:0$/, '').split('/').at(-1) === name);

/** TensorFlow's Object Detection API: its detection zoo. */
const tensorFlowZoo: Family = ({ outputs }) => {
  const [boxes, classes, scores, count] = [
    'detection_boxes',
    'detection_classes',
    'detection_scores',
    'num_detections',
  ].map((name) => endsIn(outputs, name));
  if (!boxes || !classes || !scores) return undefined;
  return {
    family: 'TensorFlow’s Object Detection API',
    reasons: [`its outputs are ${told(boxes, classes, scores, ...(count ? [count] : []))}, as that API names them`],
    assumed: ['RGB; boxes are y1, x1, y2, x2 as fractions, class 1 is the first label, the picture fills the input'],
    open: [],
    decoder: {
      type: 'ssd',
      outputs: { boxes: boxes.name, classes: classes.name, scores: scores.name, ...(count && { count: count.name }) },
      first_class: 1,
    },
    input: { resize: 'stretch' },
  };
};

const tfliteOutputs = ['', ':1', ':2', ':3'].map((end) => `TFLite_Detection_PostProcess${end}`);
const makerOutputs = [3, 2, 1, 0].map((at) => `StatefulPartitionedCall:${at}`);

/** EfficientDet-Lite and SSD out of a TFLite file. */
const tfliteDetection: Family = ({ inputs, outputs }) => {
  for (const names of [tfliteOutputs, makerOutputs]) {
    const found = names.map((name) => outputs.find((one) => one.name === name));
    const [boxes, classes, scores, count] = found;
    if (!boxes || !classes || !scores || !count || !isShaped(boxes, undefined, undefined, 4)) continue;
    // The four are in another order in some files.
    if (boxes.shape.length !== 3 || classes.shape.length !== 2 || scores.shape.length !== 2 || count.shape.length !== 1)
      continue;
    const taken = pictureInput(inputs)?.type ?? '';
    const isBytes = taken === 'uint8' || isWholeNumber(taken);
    return {
      family: 'EfficientDet-Lite or SSD, out of a TFLite file',
      reasons: [`its outputs are ${told(boxes, classes, scores, count)}, in the order of TFLite’s post-processing`],
      assumed: [
        'RGB; boxes are y1, x1, y2, x2 as fractions, class 0 is the first label, the picture lies at the top left of the input',
      ],
      open: isBytes
        ? []
        : [
            {
              what: 'the mean and deviation of the pixels',
              settle:
                'see the metadata of the TFLite file: 127 and 128 for EfficientDet-Lite, 127.5 and 127.5 for most SSD',
            },
          ],
      decoder: {
        type: 'ssd',
        outputs: { boxes: boxes.name, classes: classes.name, scores: scores.name, count: count.name },
      },
      input: { align: 'top-left', pad: 127 },
    };
  }
  return undefined;
};

/** EfficientDet of Google's automl repository: rows with the number of the picture. */
const efficientDet: Family = ({ inputs, outputs }) => {
  const rows = endsIn(outputs, 'detections');
  const input = pictureInput(inputs);
  if (!rows || !isShaped(rows, undefined, undefined, 7) || fixedSide(rows.shape[2]) !== 7) return undefined;
  if (input?.type !== 'uint8') return undefined;
  return {
    family: 'EfficientDet of the automl repository',
    reasons: [
      `its output ${told(rows)} has rows of seven: picture, y1, x1, y2, x2, score, class`,
      `its input ${told(input)} takes raw pixels: everything is done inside`,
    ],
    assumed: ['RGB, boxes in pixels of the input, class 1 is the first label'],
    open: [],
    decoder: { type: 'efficientdet', output: rows.name },
    input: {},
  };
};

/** The cells of an input, for each stride. */
const cellsOf = ({ width, height }: Size, stride: number) => Math.ceil(width / stride) * Math.ceil(height / stride);
const totalOf = (size: Size, strides: readonly number[]) =>
  strides.reduce((sum, stride) => sum + cellsOf(size, stride), 0);

const threeStrides = [8, 16, 32];
const fourStrides = [8, 16, 32, 64];

/** PicoDet: a pair of class scores and distributions for each stride. */
const picoDet: Family = ({ inputs, outputs }, size, labels) => {
  if (outputs.length !== 8 || inputs.length !== 1 || !size) return undefined;
  const cells = fourStrides.map((stride) => cellsOf(size, stride));
  const sides = [...new Set(outputs.map(({ shape }) => shape[2]))];
  // Boxes have four times as many numbers as there are bins: eight, unless somebody changed that.
  const ofBoxes = sides.filter((width) => Number(width) % 4 === 0 && width !== labels);
  const box = Number(ofBoxes.includes(32) ? 32 : ofBoxes.length === 1 ? ofBoxes[0] : Number.NaN);
  const classes = Number(sides.find((width) => width !== box));
  // The finest first, as the strides are.
  const levelsOf = (width: number) =>
    outputs
      .filter(({ shape }) => shape.length === 3 && shape[2] === width)
      .sort((a, b) => Number(b.shape[1]) - Number(a.shape[1]));
  const hasAll = (levels: readonly TensorInfo[]) =>
    levels.length === cells.length && levels.every(({ shape }, i) => shape[1] === cells[i]);
  const [scores, boxes] = [levelsOf(classes), levelsOf(box)];
  if (sides.length !== 2 || !hasAll(scores) || !hasAll(boxes)) return undefined;
  return {
    family: 'PicoDet',
    reasons: [
      `its eight outputs are pairs for the strides ${fourStrides.join(', ')} of ${size.width}x${size.height}: ${classes} class scores and ${box} numbers of the four distances`,
    ],
    assumed: [
      'RGB, the mean and deviation of ImageNet, stretched to the input; centres in the middle of cells, each class that passes counts',
    ],
    open: [],
    decoder: {
      type: 'nanodet',
      strides: fourStrides,
      bins: box / 4,
      outputs: { scores: scores.map(({ name }) => name), boxes: boxes.map(({ name }) => name) },
    },
    input: { ...copyOf(imageNet), resize: 'stretch' },
    classes,
  };
};

/** Fields of a decoder that reads masks. */
interface Masks {
  readonly extra: number;
  readonly prototypes: string;
}

/** The only output of three dimensions, and how many numbers after the classes belong to masks. */
function rowsOf(outputs: readonly TensorInfo[]): { output: TensorInfo; extra: number; masks?: Masks } | undefined {
  const [output, masks, ...others] = outputs;
  if (output?.shape.length !== 3 || !isFloat(output) || others.length > 0) return undefined;
  if (!masks) return { output, extra: 0 };
  const prototypes = masks.shape.length === 4 ? fixedSide(masks.shape[1]) : undefined;
  return prototypes === undefined
    ? undefined
    : { output, extra: prototypes, masks: { extra: prototypes, prototypes: masks.name } };
}

/** NanoDet and NanoDet-Plus by their own exporter: class scores first, then distributions, in one tensor. */
const nanoDet: Family = ({ inputs, outputs, heads }, size, labels) => {
  const rows = rowsOf(outputs);
  if (!rows || rows.extra > 0 || inputs.length !== 1 || !size || !heads.some((head) => /^s[n?]$/.test(head)))
    return undefined;
  const [, cells, width] = rows.output.shape;
  const strides = [threeStrides, fourStrides].find((one) => totalOf(size, one) === cells);
  if (!strides || typeof width !== 'number') return undefined;
  const sides = labels === undefined ? 32 : width - labels;
  if (width <= 32 || sides % 4 !== 0 || sides < 8) return undefined;
  return {
    family: strides.length === 3 ? 'NanoDet' : 'NanoDet-Plus, or another NanoDet of four strides',
    reasons: [
      `its output ${told(rows.output)} has a row for each of the ${cells} cells of the strides ${strides.join(', ')}`,
      'class scores stand first in a row: a sigmoid is joined before other numbers',
    ],
    assumed: [
      'BGR, the mean and deviation of ImageNet, stretched to the input',
      ...(labels === undefined ? ['eight bins a side'] : []),
    ],
    open:
      strides.length === 3
        ? []
        : [
            {
              what: 'where in a cell a box’s centre is: NanoDet and NanoDet-Plus write the same shape',
              settle: 'write the card, with "centre": 0 (NanoDet-Plus) or "centre": 0.5 in its decoder',
            },
          ],
    decoder: {
      type: 'nanodet',
      strides: [...strides],
      bins: sides / 4,
      output: rows.output.name,
      ...(strides.length === 4 && { centre: 0 as const }),
    },
    input: { channels: 'BGR', mean: [103.53, 116.28, 123.675], std: [57.375, 57.12, 58.395], resize: 'stretch' },
    classes: width - sides,
  };
};

/** YOLOX: box, objectness and classes, of which the last two had a sigmoid. */
const yolox: Family = ({ inputs, outputs, heads, graph }, size) => {
  const rows = rowsOf(outputs);
  if (!rows || rows.extra > 0 || inputs.length !== 1 || !size || !heads.includes('nss')) return undefined;
  const [, cells, width] = rows.output.shape;
  if (cells !== totalOf(size, threeStrides) || typeof width !== 'number' || width < 6) return undefined;
  const isDecoded = graph.nodes.some(({ op }) => op === 'Exp');
  return {
    family: 'YOLOX',
    reasons: [
      `its output ${told(rows.output)} has a row for each of the ${cells} cells of the strides 8, 16, 32`,
      'box, objectness and classes are joined in this order, the last two after a sigmoid',
      isDecoded
        ? 'an exponential in the graph: boxes are in pixels already'
        : 'no exponential in the graph: boxes are not decoded',
    ],
    assumed: ['BGR, pixels from 0 to 255, the picture at the top left of the input'],
    open: [],
    decoder: { type: 'yolox', strides: threeStrides, decoded: isDecoded, output: rows.output.name },
    input: { channels: 'BGR', align: 'top-left' },
    classes: width - 5,
  };
};

/** @param inside Says by itself where the picture lies, or nothing. */
const asUltralytics = ({ align }: ToldInside) =>
  align === undefined
    ? 'RGB, pixels divided by 255, the picture in the middle of the input, as Ultralytics has it'
    : 'RGB, pixels divided by 255, as Ultralytics has it';

/** YOLOv5 and YOLOv7 without metadata: three boxes for each cell. */
const yolov5: Family = ({ inputs, outputs, inside }, size) => {
  const rows = rowsOf(outputs);
  if (!rows || inputs.length !== 1 || !size) return undefined;
  const { output, extra, masks } = rows;
  const [, count, width] = output.shape;
  const strides = [threeStrides, fourStrides].find((one) => 3 * totalOf(size, one) === count);
  if (!strides || typeof width !== 'number' || width < 6 + extra) return undefined;
  return {
    family: 'YOLOv5 or YOLOv7, without their metadata',
    reasons: [`its output ${told(output)} has three rows for each cell of the strides ${strides.join(', ')}`],
    assumed: [asUltralytics(inside)],
    open: [],
    decoder: { type: 'yolov5', output: output.name, ...masks },
    input: copyOf(unit),
    classes: width - 5 - extra,
  };
};

/** YOLOv8 and later without metadata: columns, of which the last had a sigmoid. */
const yolov8: Family = ({ inputs, outputs, heads, inside }, size) => {
  const rows = rowsOf(outputs);
  if (!rows || inputs.length !== 1 || !size || !heads.some((head) => /^[n?]s[n?]?$/.test(head))) return undefined;
  const { output, extra, masks } = rows;
  const [, width, count] = output.shape;
  const strides = [threeStrides, fourStrides].find((one) => totalOf(size, one) === count);
  if (!strides || typeof width !== 'number' || width < 5 + extra) return undefined;
  return {
    family: 'YOLOv8 or later, without its metadata',
    reasons: [
      `its output ${told(output)} has a column for each of the ${count} cells of the strides ${strides.join(', ')}`,
      'box and classes are joined in this order, the classes after a sigmoid',
    ],
    assumed: [asUltralytics(inside)],
    open: [],
    decoder: { type: 'yolov8', output: output.name, ...masks },
    input: copyOf(unit),
    classes: width - 4 - extra,
  };
};

const facePoints = ['right_eye', 'left_eye', 'nose_tip', 'mouth', 'right_ear', 'left_ear'];
/** How MediaPipe feeds them. */
const around = { mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] } satisfies Finding['input'];

/** MediaPipe's detectors: side of the input, anchors, what they find. No two have the same side, anchors and keypoints. */
const mediaPipes = [
  {
    what: 'face, short range',
    side: 128,
    strides: [8, 16],
    anchors: [2, 6],
    label: 'face',
    points: facePoints,
    ...around,
  },
  {
    what: 'face, back camera',
    side: 256,
    strides: [16, 32],
    anchors: [2, 6],
    label: 'face',
    points: facePoints,
    ...around,
  },
  { what: 'face, full range', side: 192, strides: [4], anchors: [1], label: 'face', points: facePoints, ...around },
  {
    what: 'pose',
    ...{ side: 224, strides: [8, 16, 32], anchors: [2, 2, 6], label: 'person' },
    // The second and the fourth lie where the size and the turn of the whole body, or of its upper part, put them.
    points: ['hips', 'body_extent', 'shoulders', 'upper_body_extent'],
    ...around,
  },
] as const;

/** BlazeFace and its relatives, out of MediaPipe's TFLite files: a pair of outputs that says its anchors. */
const mediaPipe: Family = ({ outputs }, size) => {
  if (outputs.length !== 2 || !size || size.width !== size.height) return undefined;
  const scores = outputs.find((one) => isFloat(one) && one.shape.length === 3 && one.shape[2] === 1);
  const boxes = outputs.find((one) => one !== scores && isFloat(one) && one.shape.length === 3);
  if (!scores || !boxes || scores.shape[1] !== boxes.shape[1]) return undefined;
  const { width } = size;
  const found = mediaPipes.find(
    ({ side, strides, anchors, points }) =>
      side === width &&
      boxes.shape[2] === 4 + 2 * points.length &&
      boxes.shape[1] === strides.reduce((sum, stride, i) => sum + anchors[i]! * (side / stride) ** 2, 0),
  );
  if (!found) return undefined;
  const { what, strides, anchors, label, points, mean, std } = found;
  return {
    family: `MediaPipe’s detector (${what})`,
    reasons: [
      `its outputs are ${told(boxes, scores)}: box, ${points.length} keypoints and score for ${anchors.join(', ')} anchors in a cell of the strides ${strides.join(', ')} of ${width}x${width}`,
    ],
    assumed: ['RGB, pixels from -1 to 1, in the middle of black, as MediaPipe feeds it; its scores are logits'],
    open: [],
    decoder: {
      ...{ type: 'blazeface', strides: [...strides], anchors: [...anchors], logits: true },
      outputs: { boxes: boxes.name, scores: scores.name },
    },
    input: { mean: [...mean], std: [...std], resize: 'letterbox', align: 'center', pad: 0 },
    classes: 1,
    labels: [label],
    keypoints: { names: [...points], edges: [] },
  };
};

/** All that is recognised: one line each. A network is one of them if exactly one says so. */
export const families: readonly Family[] = [
  detrWithSizes,
  rfDetr,
  detrRaw,
  torchvision,
  tensorFlowZoo,
  tfliteDetection,
  efficientDet,
  mediaPipe,
  picoDet,
  nanoDet,
  yolox,
  yolov5,
  yolov8,
];

/** What none of the decoders reads, although it is known what it is. */
export function refusedBecause({ inputs, outputs }: NetworkFacts): string | undefined {
  const paddle = inputs.find(({ name }) => name === 'scale_factor' || name === 'im_shape');
  if (paddle) {
    return `its input ${paddle.name} is that of PaddleDetection’s post-processing, which no decoder here reads: export it without (-o export.post_process=False export.nms=False export.benchmark=True)`;
  }
  const dets = byName(outputs, 'dets');
  if (dets && isShaped(dets, undefined, undefined, 5) && fixedSide(dets.shape[2]) === 5) {
    return `its output ${told(dets)} is that of MMDeploy’s post-processing, whose rows have no class, which no decoder here reads: export it without, or register a decoder of your own (docs/models.md)`;
  }
  return undefined;
}
