import type { Static, TSchema } from '@sinclair/typebox';
import { Value, type ValueError } from '@sinclair/typebox/value';
import { InputError } from '../errors.ts';

/**
 * Fills in the defaults of a schema and checks the result.
 *
 * @param what Names the thing in the error: `ocellus.yaml`, `card yolox.card.json`.
 * @returns A new value; the input stays as it is.
 * @throws InputError with a line for each wrong field: its path, what was expected, what came.
 */
export function validate<T extends TSchema>(schema: T, value: unknown, what: string): Static<T> {
  const complete = Value.Default(schema, structuredClone(value));
  const problems = errorsOf(schema, complete);
  if (problems.length > 0)
    throw new InputError(`${what} is not right:\n${problems.map((line) => `  ${line}`).join('\n')}`);
  return complete as Static<T>;
}

/** One line for each wrong field, at most eight. */
export function errorsOf(schema: TSchema, value: unknown): string[] {
  const lines = new Map<string, string>();
  for (const error of Value.Errors(schema, value)) {
    const path = pathOf(error.path);
    // A field that is absent is reported twice: once as missing, once as of the wrong type.
    if (!lines.has(path)) lines.set(path, `${path || 'the whole'}: ${describe(error)}`);
    if (lines.size >= 8) break;
  }
  return [...lines.values()];
}

function pathOf(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.');
}

function describe(error: ValueError): string {
  const known = error.schema.properties ?? siblings(error);
  if (/unexpected property/i.test(error.message)) {
    const names = Object.keys(known ?? {});
    return `no such field${names.length > 0 ? `; expected one of ${names.join(', ')}` : '; expected a name of small letters, digits, _ and -'}`;
  }
  if (error.value === undefined) return `expected ${expected(error.schema)}, got nothing`;
  return `expected ${expected(error.schema)}, got ${shown(error.value)}`;
}

// TypeBox reports an unexpected property with the schema of the object that holds it.
function siblings(error: ValueError): Record<string, unknown> | undefined {
  return (error.schema as { properties?: Record<string, unknown> }).properties;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** What a schema wants, in words. */
export function expected(schema: TSchema): string {
  const { minimum, maximum, minItems, maxItems, pattern, minLength } = schema;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf) return schema.anyOf.map(expected).join(' or ');
  const range =
    minimum !== undefined && maximum !== undefined
      ? ` from ${minimum} to ${maximum}`
      : minimum !== undefined
        ? ` of at least ${minimum}`
        : maximum !== undefined
          ? ` of at most ${maximum}`
          : '';
  switch (schema.type) {
    case 'integer':
      return `a whole number${range}`;
    case 'number':
      return `a number${range}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      if (pattern) return `text that fits ${pattern}`;
      return minLength ? 'text that is not empty' : 'text';
    case 'array':
      if (minItems !== undefined && minItems === maxItems) return `a list of ${minItems}`;
      return minItems ? `a list of at least ${minItems}${maxItems ? ` and at most ${maxItems}` : ''}` : 'a list';
    case 'object':
      return schema.properties
        ? `fields (${Object.keys(schema.properties).slice(0, 8).join(', ')} …)`
        : 'fields by name';
    default:
      return 'another value';
  }
}
