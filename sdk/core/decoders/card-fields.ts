import { Type } from '@sinclair/typebox';

/** Fields that the cards of several decoders have. */

export const Strides = Type.Array(Type.Integer({ minimum: 1, maximum: 4096 }), { minItems: 1, maxItems: 16 });

export const output = Type.Optional(Type.String({ description: 'Default: the model’s only output.' }));
export const logits = Type.Optional(
  Type.Boolean({ description: 'The scores are logits; the sigmoid is applied here. Default: false.' }),
);
export const extra = Type.Optional(
  Type.Integer({
    minimum: 0,
    maximum: 4096,
    description:
      'Numbers after the class scores: mask coefficients with `prototypes`, points with the card’s `keypoints`, else skipped. Default: 0.',
  }),
);
export const prototypes = Type.Optional(
  Type.String({
    description: 'The output [1, extra, height, width] of mask prototypes. Default: masks are not read.',
  }),
);

export const bestOrAll = (description: string) =>
  Type.Optional(Type.Union([Type.Literal('best'), Type.Literal('all')], { description }));
