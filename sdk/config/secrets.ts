import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TSchema, Type } from '@sinclair/typebox';
import { InputError } from '../base/errors.ts';

/** Longer than any real URL or password. */
const longestSecret = 4096;

/**
 * Marks a setting that may hold a secret: it may refer to one that is kept elsewhere (`${NAME}`), and no message shows
 * it.
 */
export function Secret(options: { description: string; default?: string; minLength?: number }) {
  return Type.String({ maxLength: longestSecret, ...options, writeOnly: true });
}

export const isSecret = (schema: TSchema): boolean => schema.writeOnly === true;

/** Whether it refers to a secret that is kept elsewhere. */
export const hasReference = (text: string): boolean => text.includes('${');

/**
 * Replaces `${NAME}` by the secret of that name, wherever the schema has one: the systemd credential of this name,
 * else the environment variable; `${/path}` is what that file holds, without the end of its last line. In a URL it is
 * percent-encoded, so that it may have any characters.
 *
 * @returns A new value; the input stays as it is.
 * @throws InputError naming the field and what it refers to, when there is none.
 */
export function withSecrets(schema: TSchema, value: unknown, path = ''): unknown {
  if (typeof value === 'string') return isSecret(schema) ? resolved(value, path) : value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const byName = Object.values((schema.patternProperties ?? {}) as Record<string, TSchema>)[0];
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const innerSchema: TSchema | undefined = schema.properties?.[key] ?? byName;
      return [key, innerSchema ? withSecrets(innerSchema, inner, path ? `${path}.${key}` : key) : inner];
    }),
  );
}

function resolved(text: string, path: string): string {
  const isInUrl = text.includes('://') && !/^\$\{[^}]*\}$/.test(text);
  let result = '';
  let at = 0;
  // Not a regular expression: without a `}` it would search again from each `${`, in quadratic time.
  for (let from = text.indexOf('${'); from >= 0; from = text.indexOf('${', at)) {
    const to = text.indexOf('}', from);
    if (to < 0) break;
    const secret = lookUp(text.slice(from + 2, to), path);
    result += text.slice(at, from) + (isInUrl ? encodeURIComponent(secret).replaceAll("'", '%27') : secret);
    at = to + 1;
  }
  return result + text.slice(at);
}

function lookUp(name: string, path: string): string {
  if (name.startsWith('/')) return fromFile(name, path);
  if (!/^[A-Za-z_][\w.-]*$/.test(name)) {
    throw new InputError(
      `${path}: expected \${NAME} or \${/path/of/a/file}, got \${ without either; write the text without \${ if no secret is meant`,
    );
  }
  const folder = process.env.CREDENTIALS_DIRECTORY;
  const credential = folder === undefined ? undefined : readText(join(folder, name));
  const secret = credential ?? process.env[name];
  if (!secret) {
    throw new InputError(
      `${path}: \${${name}} is not set: set the environment variable ${name}, or give the service a systemd credential of this name`,
    );
  }
  return secret;
}

function fromFile(file: string, path: string): string {
  const secret = readText(file);
  if (!secret) throw new InputError(`${path}: expected a secret in the file ${file}, which is empty or cannot be read`);
  return secret;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch {
    return undefined;
  }
}
