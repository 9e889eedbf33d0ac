import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { Value, type ValueError } from '@sinclair/typebox/value';
import { composed } from '../base/composed.ts';
import { maskCredentials, maskSource } from '../base/credentials.ts';
import { InputError, messageOf } from '../base/errors.ts';
import { nearestNames } from '../base/nearest-names.ts';
import { isSecret } from './secrets.ts';
import { ruleOf } from './shapes.ts';
import { isNameSchema, wordsOf } from './text.ts';

/**
 * Fills in the defaults of a schema and checks the result.
 *
 * @param what Names the thing in the error: `ocellus.yaml`, `card yolox.card.json`.
 * @returns A new value; the input stays as it is.
 * @throws InputError with a line for each wrong field: its path, what was expected, what came.
 */
export function validate<T extends TSchema>(schema: T, value: unknown, what: string): Static<T> {
  const complete = withDefaults(schema, copyOf(value, what));
  const problems = errorsOf(schema, complete);
  if (problems.length > 0)
    throw new InputError(`${what} is not right:\n${problems.map((line) => `  ${line}`).join('\n')}`);
  return complete as Static<T>;
}

/** @throws InputError when it holds what no file could: a function, a socket. */
function copyOf(value: unknown, what: string): unknown {
  try {
    return structuredClone(value);
  } catch (error) {
    throw new InputError(`${what} is not right: expected texts, numbers, lists and maps alone; ${messageOf(error)}`);
  }
}

const maxLines = 8;

/** One line per wrong field, at most eight. */
export function errorsOf(schema: TSchema, value: unknown, above = ''): string[] {
  const lines = new Map<string, string>();
  for (const error of Value.Errors(schema, value)) {
    const path = [above, pathOf(error.path)].filter(Boolean).join('.');
    // A field that is absent is reported twice: once as missing, once as of the wrong type.
    if (!lines.has(path)) lines.set(path, describe(error, path));
    if (lines.size >= maxLines) break;
  }
  if (lines.size === 0) return brokenRules(schema, value, above).slice(0, maxLines);
  return [...lines.values()];
}

/** A line for each value that fits the schema and not its rule (`ruled`). */
function brokenRules(schema: TSchema, value: unknown, path: string): string[] {
  const problem = ruleOf(schema)?.(value);
  if (problem) return [`${path || 'the whole'}: ${problem}`];
  const below = (inner: TSchema, key: string | number, one: unknown) =>
    brokenRules(inner, one, path ? `${path}.${key}` : String(key));
  if (schema.anyOf) {
    const variant = (schema.anyOf as TSchema[]).find((one) => Value.Check(one, value));
    return variant ? brokenRules(variant, value, path) : [];
  }
  if (Array.isArray(value)) {
    if (!schema.items || Array.isArray(schema.items)) return [];
    return value.flatMap((item, i) => below(schema.items as TSchema, i, item));
  }
  if (!isObject(value)) return [];
  const patterns = Object.entries((schema.patternProperties ?? {}) as Record<string, TSchema>);
  return Object.entries(value).flatMap(([key, one]) => {
    const inner = schema.properties?.[key] ?? patterns.find(([pattern]) => new RegExp(pattern).test(key))?.[1];
    return inner && one !== undefined ? below(inner, key, one) : [];
  });
}

/**
 * Fills in what was left out; a present field is not changed, except that names are composed. (TypeBox's own
 * `Value.Default` merges: it would keep the default camera beside the given ones.)
 */
function withDefaults(schema: TSchema, value: unknown): unknown {
  if (value === undefined) {
    return schema.default === undefined ? undefined : withDefaults(schema, structuredClone(schema.default));
  }
  if (schema.anyOf) {
    // Of a wrong value only the fault is to be reported, not also missing defaults.
    const variant =
      (schema.anyOf as TSchema[]).find((one) => Value.Check(one, withDefaults(one, structuredClone(value)))) ??
      variantOf(schema.anyOf, value);
    return variant ? withDefaults(variant, value) : value;
  }
  if (typeof value === 'string') return isNameSchema(schema) ? composed(value) : value;
  if (Array.isArray(value)) {
    if (schema.type !== 'array' || Array.isArray(schema.items)) return value;
    return value.map((item) => withDefaults(schema.items, item));
  }
  if (schema.type !== 'object' || !isObject(value)) return value;
  if (isNameSchema(schema)) {
    for (const [key, inner] of Object.entries(value)) {
      // A name present in both forms is left: no model knows the other one.
      if (Object.hasOwn(value, composed(key))) continue;
      delete value[key];
      value[composed(key)] = inner;
    }
  }
  for (const [key, inner] of Object.entries((schema.properties ?? {}) as Record<string, TSchema>)) {
    const filled = withDefaults(inner, value[key]);
    if (filled !== undefined) value[key] = filled;
  }
  for (const [pattern, inner] of Object.entries((schema.patternProperties ?? {}) as Record<string, TSchema>)) {
    for (const key of Object.keys(value)) {
      if (new RegExp(pattern).test(key)) value[key] = withDefaults(inner, value[key]);
    }
  }
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const longestKey = 100;

function pathOf(pointer: string): string {
  return (
    pointer
      .split('/')
      .slice(1)
      // `{password:secret}` without a space is a name to YAML; and anybody may send a name of any length.
      .map((part) => part.slice(0, longestKey).replaceAll('~1', '/').replaceAll('~0', '~').replace(/:.+$/s, ':…'))
      .join('.')
  );
}

function describe(error: ValueError, path: string): string {
  const variant = error.schema.anyOf && variantOf(error.schema.anyOf, error.value);
  if (variant) return errorsOf(variant, error.value, path).join('\n  ');
  return `${path || 'the whole'}: ${inWords(error)}`;
}

/** Among variants with a discriminating field (`type`), the one that is meant; else one that lists the choices. */
function variantOf(variants: readonly TSchema[], value: unknown): TSchema | undefined {
  const key = Object.keys(variants[0]?.properties ?? {}).find((name) =>
    variants.every((variant) => variant.properties?.[name]?.const !== undefined),
  );
  if (key === undefined || !isObject(value)) return undefined;
  const meant = variants.find((variant) => variant.properties[key].const === value[key]);
  return meant ?? Type.Object({ [key]: Type.Union(variants.map((variant) => variant.properties[key])) });
}

function inWords(error: ValueError): string {
  if (/unexpected property/i.test(error.message)) {
    // TypeBox reports it with the schema of the object that holds it.
    const names = Object.keys(error.schema.properties ?? {});
    if (names.length > 0) return `no such field; expected one of ${names.join(', ')}${hintFor(error)}`;
    const words = wordsOf(error.schema);
    if (words) return `no such field; expected ${words}`;
    const [pattern = ''] = Object.keys(error.schema.patternProperties ?? {});
    const taken = /^\^\(\?!\(\?:([\w|]+)\)/.exec(pattern)?.[1]?.replaceAll('|', ', ');
    return `no such field; expected a name of lower-case letters, digits, _ and -${taken ? `, but none of ${taken}` : ''}`;
  }
  if (error.value === undefined) return `expected ${expected(error.schema)}, got nothing`;
  // A value in the place of a secret, or of fields that hold some, may be one.
  const got = holdsSecret(error.schema) ? kindOf(error.value) : shown(error.value);
  return `expected ${expected(error.schema)}, got ${got}`;
}

/** Similar names of the same fields, or the same name one level further in: `fps`, which belongs into `detect`. */
function hintFor({ path, schema }: ValueError): string {
  const name = pathOf(path.slice(path.lastIndexOf('/')));
  const fields = (schema.properties ?? {}) as Record<string, TSchema>;
  const within = Object.entries(fields).flatMap(([outer, { properties }]) =>
    properties && Object.hasOwn(properties, name) ? [`${outer}.${name}`] : [],
  );
  const near = within.length > 0 ? within : nearestNames(name, Object.keys(fields));
  return near.length > 0 ? `; did you mean ${near.join(', ')}?` : '';
}

/** Whether it is, or contains, a secret. */
export function holdsSecret(schema: TSchema): boolean {
  const inner = { ...schema.properties, ...schema.patternProperties } as Record<string, TSchema>;
  return isSecret(schema) || Object.values(inner).some(holdsSecret);
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return value === '' ? 'empty text' : 'text';
    case 'object':
      return 'fields';
    default:
      return `a ${typeof value}`;
  }
}

function shown(value: unknown): string {
  const masked = (_: string, inner: unknown) => (typeof inner === 'string' ? maskSource(inner) : inner);
  const text = maskCredentials(JSON.stringify(value, masked) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** What a schema expects, in words. */
export function expected(schema: TSchema): string {
  const { minimum, maximum, exclusiveMinimum, minItems, maxItems, pattern, minLength, maxLength } = schema;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf) return schema.anyOf.map(expected).join(' or ');
  const range =
    minimum !== undefined && maximum !== undefined
      ? ` from ${minimum} to ${maximum}`
      : minimum !== undefined
        ? ` of at least ${minimum}`
        : maximum !== undefined
          ? ` of at most ${maximum}`
          : exclusiveMinimum !== undefined
            ? ` above ${exclusiveMinimum}`
            : '';
  switch (schema.type) {
    case 'integer':
      return `a whole number${range}`;
    case 'number':
      return `a number${range}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      if (wordsOf(schema)) return wordsOf(schema)!;
      if (pattern) return `text that fits ${pattern}`;
      if (maxLength !== undefined)
        return `text of ${minLength ? `${minLength} to` : 'at most'} ${maxLength} characters`;
      return minLength ? 'text that is not empty' : 'text';
    case 'array':
      if (minItems !== undefined && minItems === maxItems) return `a list of ${minItems}`;
      return minItems ? `a list of at least ${minItems}${maxItems ? ` and at most ${maxItems}` : ''}` : 'a list';
    case 'object': {
      if (!schema.properties) return 'fields by name';
      const names = Object.keys(schema.properties);
      return `fields (${names.slice(0, 8).join(', ')}${names.length > 8 ? ' …' : ''})`;
    }
    default:
      return 'another value';
  }
}
