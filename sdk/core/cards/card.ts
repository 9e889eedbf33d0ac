import { type Static, Type } from '@sinclair/typebox';
import { named } from '../../config/text.ts';

const Labels = Type.Array(named(Type.String({ minLength: 1 })), { minItems: 1 });
const Strides = Type.Array(Type.Integer({ minimum: 1, maximum: 4096 }), { minItems: 1, maxItems: 16 });

const Sha256 = Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' }));
const Deviation = Type.Number({ exclusiveMinimum: 0 });

const output = Type.Optional(Type.String({ description: 'Default: the model’s only output.' }));
const logits = Type.Optional(
  Type.Boolean({ description: 'The scores are logits; the sigmoid is applied here. Default: false.' }),
);
const extra = Type.Optional(
  Type.Integer({
    minimum: 0,
    maximum: 4096,
    description: 'Numbers after the class scores to skip: mask coefficients, key points. Default: 0.',
  }),
);

const bestOrAll = (description: string) =>
  Type.Optional(Type.Union([Type.Literal('best'), Type.Literal('all')], { description }));

/** How a model's outputs become boxes, scores and classes. */
export const DecoderCard = Type.Union([
  Type.Object(
    {
      type: Type.Literal('nanodet'),
      strides: Strides,
      bins: Type.Integer({
        minimum: 2,
        maximum: 64,
        description: 'Bins of the distribution of each side (reg_max + 1).',
      }),
      output: Type.Optional(
        Type.String({
          description: 'The one output [1, cells, classes + 4 x bins] of NanoDet’s and NanoDet-Plus’ own exporter.',
        }),
      ),
      outputs: Type.Optional(
        Type.Object({
          scores: Type.Array(Type.String(), {
            minItems: 1,
            description: 'Class scores after the sigmoid, one tensor for all strides or one each.',
          }),
          boxes: Type.Array(Type.String(), {
            minItems: 1,
            description: 'Distribution logits (left, top, right, bottom), in the order of the scores.',
          }),
        }),
      ),
      centre: Type.Optional(
        Type.Union([Type.Literal(0), Type.Literal(0.5)], {
          description:
            'Position of a box’s centre in its cell, in strides: 0.5 (NanoDet, PicoDet), or 0 (NanoDet-Plus).',
        }),
      ),
      classes: bestOrAll(
        'Whether a cell yields its best class only, or all that pass. Default: all where each stride has its own tensors, as PicoDet’s, else the best.',
      ),
      logits,
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      type: Type.Literal('yolox'),
      strides: Strides,
      output,
      decoded: Type.Optional(
        Type.Boolean({
          description:
            'x, y, w, h are in input pixels already (--decode_in_inference). Default: detected from the first output.',
        }),
      ),
      logits,
    },
    { additionalProperties: false, description: 'x, y, log w, log h, objectness, class scores per cell.' },
  ),
  Type.Object(
    { type: Type.Literal('yolov5'), output, extra, logits },
    {
      additionalProperties: false,
      description: '[1, N, 5 + classes]: centre x, centre y, w, h in input pixels, objectness, class scores.',
    },
  ),
  Type.Object(
    { type: Type.Literal('yolov8'), output, extra, logits },
    {
      additionalProperties: false,
      description: '[1, 4 + classes, N]: centre x, centre y, w, h in input pixels, class scores.',
    },
  ),
  Type.Object(
    {
      type: Type.Literal('rtdetr'),
      output,
      outputs: Type.Optional(
        Type.Object(
          { boxes: Type.String(), scores: Type.String() },
          { additionalProperties: false, description: 'If separate: [1, N, 4] and [1, N, classes].' },
        ),
      ),
      classes: bestOrAll('Whether a box yields its best class only, or all that pass, as RF-DETR’s. Default: best.'),
      first_class: Type.Optional(
        Type.Integer({ minimum: 0, maximum: 4096, description: 'Column of labels[0] among the scores. Default: 0.' }),
      ),
      extra,
      logits,
    },
    {
      additionalProperties: false,
      description: '[1, N, 4 + classes]: centre x, centre y, w, h as fractions of the input, class scores.',
    },
  ),
  Type.Object(
    {
      type: Type.Literal('suppressed'),
      output,
      boxes: Type.Optional(
        Type.Union([Type.Literal('xyxy'), Type.Literal('cxcywh')], { description: 'Default: xyxy.' }),
      ),
      normalised: Type.Optional(Type.Boolean({ description: 'Boxes are 0..1 of the input. Default: pixels.' })),
      extra,
    },
    {
      additionalProperties: false,
      description: '[1, N, 6]: box, score, class id, after the model’s own suppression; padded with rows of zeros.',
    },
  ),
  Type.Object(
    {
      type: Type.Literal('ssd'),
      outputs: Type.Object({
        boxes: Type.String(),
        classes: Type.String(),
        scores: Type.String(),
        count: Type.Optional(Type.String()),
      }),
      box_order: Type.Optional(Type.Union([Type.Literal('yxyx'), Type.Literal('xyxy')], { default: 'yxyx' })),
      normalised: Type.Optional(
        Type.Boolean({ default: true, description: 'Boxes are 0..1 of the input, not pixels.' }),
      ),
      first_class: Type.Optional(
        Type.Integer({ default: 0, description: 'The class id of labels[0]; 1 where 0 is the background.' }),
      ),
    },
    {
      additionalProperties: false,
      description:
        'Separate boxes, classes and scores, after the model’s own post-processing: SSD, RT-DETR, D-FINE, torchvision.',
    },
  ),
  Type.Object(
    {
      type: Type.Literal('efficientdet'),
      output,
      first_class: Type.Optional(Type.Integer({ description: 'The class id of labels[0]. Default: 1.' })),
    },
    {
      additionalProperties: false,
      description:
        '[1, N, 7]: picture, y1, x1, y2, x2 in input pixels, score, class id, after the model’s own suppression.',
    },
  ),
  Type.Object(
    {
      type: Type.Literal('custom'),
      name: Type.String({ minLength: 1, description: 'The name under which the program registered it.' }),
      options: Type.Optional(
        Type.Record(Type.String(), Type.Unknown(), { description: 'For the decoder, which validates them itself.' }),
      ),
    },
    {
      additionalProperties: false,
      description: 'A program’s own decoder, registered with `registerDecoder`.',
    },
  ),
]);

const about = {
  name: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]*$' }),
  version: Type.Optional(Type.String()),
  title: Type.Optional(Type.String()),
  file: Type.Optional(
    Type.String({ description: 'The model file, relative to the card. Default: the card’s name with .onnx.' }),
  ),
  sha256: Sha256,
  program: Type.Optional(
    Type.Object(
      { file: Type.String({ minLength: 1, description: 'Relative to the card.' }), sha256: Sha256 },
      {
        additionalProperties: false,
        description: 'The compiled network (`ocellus compile`), which the engine `native` runs instead.',
      },
    ),
  ),
  quantisation: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  accuracy: Type.Optional(Type.Array(Type.Record(Type.String(), Type.Unknown()))),
  source: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
};

const tensor = {
  name: Type.Optional(Type.String({ description: 'Default: the model’s only input.' })),
  width: Type.Integer({ minimum: 1, maximum: 8192 }),
  height: Type.Integer({ minimum: 1, maximum: 8192 }),
  layout: Type.Union([Type.Literal('NCHW'), Type.Literal('NHWC')], { default: 'NCHW' }),
  type: Type.Union([Type.Literal('uint8'), Type.Literal('float32')], { default: 'float32' }),
  channels: Type.Union([Type.Literal('RGB'), Type.Literal('BGR')], { default: 'RGB' }),
  mean: Type.Tuple([Type.Number(), Type.Number(), Type.Number()], {
    default: [0, 0, 0],
    description: 'Subtracted from pixels 0..255, in channel order. Float input only.',
  }),
  std: Type.Tuple([Deviation, Deviation, Deviation], {
    default: [1, 1, 1],
    description: 'Divides after the mean, in channel order. Float input only.',
  }),
  align: Type.Union([Type.Literal('center'), Type.Literal('top-left')], {
    default: 'center',
    description: 'Position of the picture in the letterbox.',
  }),
  pad: Type.Integer({ minimum: 0, maximum: 255, default: 114, description: 'The letterbox grey.' }),
};

const letterboxOrStretch = [Type.Literal('letterbox'), Type.Literal('stretch')] as const;
const anyResize = [Type.Literal('crop'), ...letterboxOrStretch] as const;

/** A detector: a picture in, boxes out. */
export const DetectorCard = Type.Object(
  {
    ...about,
    task: Type.Literal('detect'),
    input: Type.Object(
      {
        ...tensor,
        resize: Type.Union([...letterboxOrStretch], { default: 'letterbox' }),
        sizes: Type.Optional(
          Type.Object(
            {
              name: Type.String({ minLength: 1 }),
              order: Type.Union([Type.Literal('wh'), Type.Literal('hw')], { default: 'wh' }),
            },
            {
              additionalProperties: false,
              description:
                'A second input [1, 2]: the size that boxes are scaled to. Default: one named orig_target_sizes.',
            },
          ),
        ),
      },
      { additionalProperties: false },
    ),
    decoder: DecoderCard,
    labels: Labels,
    thresholds: Type.Object(
      {
        score: Type.Number({ minimum: 0, maximum: 1, default: 0.4 }),
        iou: Type.Optional(
          Type.Number({
            minimum: 0,
            maximum: 1,
            description: 'Class-wise non-maximum suppression. Default: 0.6; 1, none, where the model has its own.',
          }),
        ),
      },
      { additionalProperties: false, default: {} },
    ),
  },
  { additionalProperties: false },
);
export type DetectorCard = Static<typeof DetectorCard>;

/** A classifier: a picture in, the classes' logits or scores out, and the embedding of its penultimate layer. */
export const ClassifierCard = Type.Object(
  {
    ...about,
    task: Type.Literal('classify'),
    input: Type.Object(
      {
        ...tensor,
        resize: Type.Union([...anyResize], {
          default: 'crop',
          description: 'For a whole picture; `crop` takes its middle, with the aspect ratio of the input.',
        }),
        region_resize: Type.Union([...anyResize], { default: 'letterbox', description: 'For a region of a picture.' }),
      },
      { additionalProperties: false },
    ),
    outputs: Type.Object(
      { embedding: Type.Optional(Type.String({ minLength: 1 })), logits: Type.String({ minLength: 1 }) },
      {
        additionalProperties: false,
        description:
          'Names of the outputs [N, dimension] and [N, classes], float32. Without an embedding nothing can be learned from it.',
      },
    ),
    dimension: Type.Integer({
      minimum: 0,
      maximum: 8192,
      default: 0,
      description: 'Numbers of an embedding; 0: none.',
    }),
    activation: Type.Optional(
      Type.Union([Type.Literal('softmax'), Type.Literal('sigmoid'), Type.Literal('none')], {
        description:
          'Function to apply to `logits`. Default: none if the network ends in a softmax or sigmoid, else softmax.',
      }),
    ),
    labels: Labels,
  },
  { additionalProperties: false },
);
export type ClassifierCard = Static<typeof ClassifierCard>;

/**
 * What has to be known to use a model without looking inside: its input, how to read its output, where it comes from.
 * Stored beside the model as `NAME.card.json`, or in an ONNX file's metadata under the key `ocellus`.
 */
export const ModelCard = Type.Union([DetectorCard, ClassifierCard]);
export type ModelCard = Static<typeof ModelCard>;

/** For errors about a model of another task: what accepts it. */
export const takenBy: Readonly<Record<ModelCard['task'], string>> = {
  detect: '`ocellus detect` and loadModel() accept it',
  classify: '`ocellus classify` and loadClassifier() accept it',
};
