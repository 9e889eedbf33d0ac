import type { TSchema } from '@sinclair/typebox';

/**
 * The schema of a change: fields may be left out and none is filled in. In what is replaced whole (an item of a list, a
 * value of a map) only fields with a default may be left out.
 */
export function changeOf(schema: TSchema, whole = false): TSchema {
  const copy: TSchema = { ...schema };
  delete copy.default;
  if (schema.properties) {
    const fields = Object.entries(schema.properties as Record<string, TSchema>);
    copy.properties = Object.fromEntries(fields.map(([name, field]) => [name, changeOf(field, whole)]));
    copy.required = whole
      ? fields.filter(([name, field]) => isRequired(schema, name, field)).map(([name]) => name)
      : [];
  }
  if (schema.patternProperties) {
    const values = Object.entries(schema.patternProperties as Record<string, TSchema>);
    copy.patternProperties = Object.fromEntries(values.map(([pattern, value]) => [pattern, changeOf(value, true)]));
  }
  return copy;
}

const isRequired = (schema: TSchema, name: string, field: TSchema) =>
  (schema.required as string[] | undefined)?.includes(name) && field.default === undefined;
