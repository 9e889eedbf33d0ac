import { type Static, Type } from '@sinclair/typebox';
import { named } from '../config/text.ts';

const Labels = Type.Array(named(Type.String({ minLength: 1 })), { minItems: 1 });
const Strides = Type.Array(Type.Integer({ minimum: 1, maximum: 4096 }), { minItems: 1, maxItems: 16 });

const Deviation = Type.Number({ exclusiveMinimum: 0 });

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
      outputs: Type.Object({
        scores: Type.Array(Type.String(), {
          minItems: 1,
          description: 'Class scores after the sigmoid, one tensor for all strides or one each.',
        }),
        boxes: Type.Array(Type.String(), {
          minItems: 1,
          description: 'Distribution logits (left, top, right, bottom), in the order of the scores.',
        }),
      }),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    { type: Type.Literal('yolox'), strides: Strides, output: Type.Optional(Type.String()) },
    { additionalProperties: false, description: 'x, y, log w, log h, objectness, class scores per cell.' },
  ),
  Type.Object(
    { type: Type.Literal('yolov5'), output: Type.Optional(Type.String()) },
    {
      additionalProperties: false,
      description: '[1, N, 5 + classes]: centre x, centre y, w, h in input pixels, objectness, class scores.',
    },
  ),
  Type.Object(
    { type: Type.Literal('yolov8'), output: Type.Optional(Type.String()) },
    {
      additionalProperties: false,
      description: '[1, 4 + classes, N]: centre x, centre y, w, h in input pixels, class scores.',
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
      boxOrder: Type.Optional(Type.Union([Type.Literal('yxyx'), Type.Literal('xyxy')], { default: 'yxyx' })),
      normalised: Type.Optional(
        Type.Boolean({ default: true, description: 'Boxes are 0..1 of the input, not pixels.' }),
      ),
      firstClass: Type.Optional(
        Type.Integer({ default: 0, description: 'The class id of labels[0]; 1 where 0 is the background.' }),
      ),
    },
    {
      additionalProperties: false,
      description: 'Boxes after the model’s own post-processing, as SSD exports give them.',
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
  sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
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
    description: 'Where the picture lies in the letterbox.',
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
      { ...tensor, resize: Type.Union([...letterboxOrStretch], { default: 'letterbox' }) },
      { additionalProperties: false },
    ),
    decoder: DecoderCard,
    labels: Labels,
    thresholds: Type.Object(
      {
        score: Type.Number({ minimum: 0, maximum: 1, default: 0.4 }),
        iou: Type.Number({ minimum: 0, maximum: 1, default: 0.6, description: 'Class-wise non-maximum suppression.' }),
      },
      { additionalProperties: false, default: {} },
    ),
  },
  { additionalProperties: false },
);
export type DetectorCard = Static<typeof DetectorCard>;

/** A classifier: a picture in, the embedding of its penultimate layer and the classes' logits out. */
export const ClassifierCard = Type.Object(
  {
    ...about,
    task: Type.Literal('classify'),
    input: Type.Object(
      {
        ...tensor,
        resize: Type.Union([...anyResize], {
          default: 'crop',
          description: 'Of a whole picture; `crop` is its middle, with the proportions of the input.',
        }),
        regionResize: Type.Union([...anyResize], { default: 'letterbox', description: 'Of a region of a picture.' }),
      },
      { additionalProperties: false },
    ),
    outputs: Type.Object(
      { embedding: Type.String({ minLength: 1 }), logits: Type.String({ minLength: 1 }) },
      { additionalProperties: false, description: 'Names of the outputs [N, dimension] and [N, classes], float32.' },
    ),
    dimension: Type.Integer({ minimum: 1, maximum: 8192, description: 'Numbers of an embedding.' }),
    labels: Labels,
  },
  { additionalProperties: false },
);
export type ClassifierCard = Static<typeof ClassifierCard>;

/**
 * What has to be known to use a model without looking inside: what goes in, how the output is read, where it comes
 * from. Lies beside the model as `NAME.card.json`, or inside an ONNX file's metadata under the key `ocellus`.
 */
export const ModelCard = Type.Union([DetectorCard, ClassifierCard]);
export type ModelCard = Static<typeof ModelCard>;
