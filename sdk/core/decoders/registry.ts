import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { InputError } from '../../base/errors.ts';
import type { TensorInfo } from '../engines/engine.ts';
import { blazeface } from './blazeface.ts';
import { CustomDecoder } from './custom.ts';
import { type DecodedModel, type Decoder, type DecoderKind, MisfitError } from './decoder.ts';
import { efficientdet } from './efficientdet.ts';
import { movenet } from './movenet.ts';
import { nanodet } from './nanodet.ts';
import { rtdetr } from './rtdetr.ts';
import { ssd } from './ssd.ts';
import { suppressed } from './suppressed.ts';
import { yolov5 } from './yolov5.ts';
import { yolov8 } from './yolov8.ts';
import { yolox } from './yolox.ts';

/** The built-in decoders, one line each; those of a program's own are in `custom.ts`. */
const builtIn = [nanodet, yolox, yolov5, yolov8, rtdetr, suppressed, ssd, efficientdet, blazeface, movenet] as const;

type FieldsOf<Kinds extends readonly { readonly fields: TSchema }[]> = {
  -readonly [I in keyof Kinds]: Kinds[I]['fields'];
};

const fieldsOf = <const Kinds extends readonly { readonly fields: TSchema }[]>(kinds: Kinds) =>
  kinds.map(({ fields }) => fields) as unknown as FieldsOf<Kinds>;

/** Cards of the built-in decoders. */
export type BuiltInDecoder = Static<(typeof builtIn)[number]['fields']>;

/** How a model's outputs become boxes, scores and classes. */
export const DecoderCard = Type.Union([...fieldsOf(builtIn), CustomDecoder]);

const byType = new Map(
  builtIn.map((kind) => [kind.fields.properties.type.const as string, kind as unknown as DecoderKind]),
);

/** The built-in decoder of a card. @throws InputError when the model's outputs do not fit it. */
export function makeDecoder(decoder: BuiltInDecoder, model: DecodedModel, outputs: readonly TensorInfo[]): Decoder {
  const made = withLabelCount(model.labels.length, () => byType.get(decoder.type)!.make(decoder, model, outputs));
  if (!model.keypoints || made.shapes) return made;
  throw new InputError(
    `keypoints: the decoder ${decoder.type} reads none; remove them from the card, or see docs/models.md for decoders that do`,
  );
}

/** Says how many labels the card has where an error asks for that. */
function withLabelCount<T>(count: number, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof MisfitError)) throw error;
    throw new InputError(`${error.message} (it has ${count})`, { cause: error });
  }
}
