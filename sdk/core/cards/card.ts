import { type Static, Type } from '@sinclair/typebox';
import { named } from '../../config/text.ts';
import { maxKeypoints } from '../../vision/shape.ts';
import { DecoderCard } from '../decoders/registry.ts';

const Labels = Type.Array(named(Type.String({ minLength: 1 })), { minItems: 1 });

const Sha256 = Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' }));
const Deviation = Type.Number({ exclusiveMinimum: 0 });

/** The points that a network finds of each object, in its order. */
const KeypointsCard = Type.Object(
  {
    names: Type.Array(named(Type.String({ minLength: 1, maxLength: 64 })), { minItems: 1, maxItems: maxKeypoints }),
    edges: Type.Array(
      Type.Tuple([Type.Integer({ minimum: 0 }), Type.Integer({ minimum: 0 })], {
        description: 'Two points that are joined in drawings, by their index in `names`.',
      }),
      { maxItems: 2 * maxKeypoints, default: [] },
    ),
  },
  { additionalProperties: false, description: 'Points of each object, such as the joints of a body. Default: none.' },
);

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
  channels: Type.Union([Type.Literal('RGB'), Type.Literal('BGR'), Type.Literal('GRAY')], {
    default: 'RGB',
    description: 'GRAY: one channel, the luma of BT.601; mean and std are three equal numbers then.',
  }),
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
    keypoints: Type.Optional(KeypointsCard),
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
