import { type TProperties, Type } from '@sinclair/typebox';

/** The camera a request is about. */
export const Camera = Type.String({ minLength: 1, maxLength: 32, description: 'Name of a camera.' });

/** Of a change of settings that is in use. */
export const Unwritten = Type.Union([Type.String(), Type.Null()], {
  description:
    'Why changes of settings are in use and not in the settings file, so that the next start loses them; null: they are written, or nothing is written here.',
});

/** Fields, and no others. */
export const Fields = <Properties extends TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false });
