import { type Static, Type } from '@sinclair/typebox';
import { assertKind, assertShape, refuse } from '../../base/arguments.ts';
import { InputError, messageOf } from '../../base/errors.ts';
import type { TensorInfo } from '../engines/engine.ts';
import type { DecodedModel, Decoder } from './decoder.ts';

/** The fields in a card that name a program's own decoder. */
export const CustomDecoder = Type.Object(
  {
    type: Type.Literal('custom'),
    name: Type.String({ minLength: 1, description: 'The name under which the program registered it.' }),
    options: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'For the decoder, which validates them itself.' }),
    ),
  },
  {
    additionalProperties: false,
    description: 'A program’s own decoder, registered with `registerDecoder`.',
  },
);

export type CustomDecoder = Static<typeof CustomDecoder>;

/** A `DecoderFactory`, as far as this folder knows of cards. */
type MakesDecoder = (card: DecodedModel, outputs: readonly TensorInfo[]) => Decoder;

const isCustom = (decoder: { readonly type: string }): decoder is CustomDecoder => decoder.type === 'custom';

/** The modules that programs registered, by the name in cards. */
const modules = new Map<string, { readonly address: string }>();

/**
 * Registers your own decoder, for networks whose outputs none of Ocellus' decoders reads. A card names it:
 * `"decoder": {"type": "custom", "name": "centres"}`, with `options` for the decoder if it has any. It applies to
 * models that this process loads from now on.
 *
 * Networks and their decoders run on their own thread, so the decoder is a module that is imported there: JavaScript,
 * its default export a `DecoderFactory`.
 *
 * @param name One or more lower-case letters, digits, `.`, `_` and `-`, a letter or digit first.
 * @param module The file's URL: `new URL('./centres.js', import.meta.url)`, or the result of `import.meta.resolve`.
 * @returns A function that unregisters it. @throws InputError when the name is invalid or taken, or the module is not
 * the URL of a file.
 *
 * @example
 * registerDecoder('centres', new URL('./centres.js', import.meta.url));
 * const model = await loadModel('centres.card.json');
 */
export function registerDecoder(name: string, module: URL | string): () => void {
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9._-]*$/.test(name)) {
    const expected = 'lower-case letters, digits, ".", "_" and "-", a letter or digit first';
    refuse('registerDecoder: name', expected, name);
  }
  const address = module instanceof URL ? module.href : module;
  if (typeof address !== 'string' || !address.startsWith('file://')) {
    refuse('registerDecoder: module', "the URL of a file, as new URL('./mine.js', import.meta.url)", module);
  }
  if (modules.has(name)) {
    throw new InputError(`registerDecoder: expected a name that is free, but "${name}" is registered already`);
  }
  const registered = { address };
  modules.set(name, registered);
  return () => {
    // Another one may have taken the name since.
    if (modules.get(name) === registered) modules.delete(name);
  };
}

/**
 * The module that reads the outputs of a card's network; undefined if a built-in decoder does.
 *
 * @throws InputError when the card names a decoder that is not registered.
 */
export function decoderModule(decoder: { readonly type: string } | CustomDecoder): string | undefined {
  if (!isCustom(decoder)) return undefined;
  const module = modules.get(decoder.name);
  if (module) return module.address;
  const known = [...modules.keys()].join(', ') || 'none';
  throw new InputError(
    `decoder.name: there is no decoder "${decoder.name}", registered are: ${known}; call registerDecoder before the model is loaded (docs/models.md; for the command: NODE_OPTIONS='--import ./register.js')`,
  );
}

/**
 * Imports a decoder, on the core's thread.
 *
 * @param name As the card says, for messages.
 * @throws InputError when the module cannot be imported, or its default export is not a function.
 */
export async function importDecoder(name: string, module: string): Promise<MakesDecoder> {
  let factory: unknown;
  try {
    ({ default: factory } = (await import(module)) as { default: unknown });
  } catch (error) {
    throw new InputError(`decoder ${name}: ${module} cannot be imported: ${messageOf(error)}`, { cause: error });
  }
  assertKind(`decoder ${name}: the default export of ${module}`, factory, 'function', 'a DecoderFactory, a function');
  return (card, outputs) => {
    const decoder = asInput(name, () => (factory as MakesDecoder)(card, outputs));
    assertShape(
      `decoder ${name}`,
      decoder,
      { decode: 'function', check: 'function?', shapes: 'function?' },
      'a Decoder',
    );
    return guarded(name, decoder, card.labels.length);
  };
}

/** Its errors are faults of the card or the model. */
function asInput<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new InputError(`decoder ${name}: ${messageOf(error)}`, { cause: error });
  }
}

/** A program's own decoder: its errors are faults of the model, and classes without a label are refused. */
function guarded(name: string, decoder: Decoder, labels: number): Decoder {
  return {
    suppressed: decoder.suppressed ?? false,
    ...(decoder.shapes && { shapes: (outputs, kept) => asInput(name, () => decoder.shapes!(outputs, kept)) }),
    check: (outputs) => asInput(name, () => decoder.check?.(outputs)),
    decode(outputs, threshold, multiLabel, candidates) {
      asInput(name, () => decoder.decode(outputs, threshold, multiLabel, candidates));
      const { classIds, length } = candidates;
      for (let i = 0; i < length; i++) {
        const classId = classIds[i]!;
        if (classId >= 0 && classId < labels) continue;
        throw new InputError(
          `decoder ${name}: expected class ids from 0 to ${labels - 1}, the card has ${labels} labels; got ${classId}`,
        );
      }
    },
  };
}
