import { type TProperties, Type } from '@sinclair/typebox';

/** The camera a request is about. */
export const Camera = Type.String({ minLength: 1, maxLength: 32, description: 'Name of a camera.' });

/** Fields, and no others. */
export const Fields = <Properties extends TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false });
