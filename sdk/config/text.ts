import { type TSchema, type TString, Type } from '@sinclair/typebox';

/**
 * What a schema expects, in words, for errors where its pattern would say little. Not part of the JSON Schema that
 * others read.
 */
const inWords = Symbol('in words');
/** Its text, or its keys, are names that are compared: they are composed before they are checked. */
const isName = Symbol('is a name');

interface Marks {
  readonly [inWords]?: string;
  readonly [isName]?: boolean;
}

export const wordsOf = (schema: TSchema): string | undefined => (schema as Marks)[inWords];
export const isNameSchema = (schema: TSchema): boolean => (schema as Marks)[isName] === true;

/** Marks a schema whose text, or whose keys, are names. */
export function named<T extends TSchema>(schema: T): T {
  return { ...schema, [isName]: true };
}

/** Control characters and line separators; a broker may close the connection for them in a topic. */
const unprintable = '\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\ufffe\\uffff';
const longestLabel = 128;

/** A label of a model. */
export const LabelPattern = `^[^${unprintable}]{1,${longestLabel}}$`;
export const labelInWords = `a label of 1 to ${longestLabel} printable characters`;
export const Label = (): TString =>
  named(Type.String({ pattern: LabelPattern, [inWords]: labelInWords } as { pattern: string }));

/** Values by label. */
export const ByLabel = <T extends TSchema>(value: T, options: { default: object; description: string }) =>
  named(
    Type.Record(Type.String({ pattern: LabelPattern }), value, {
      ...options,
      additionalProperties: false,
      [inWords]: labelInWords,
    }),
  );

const level = `[^+#/${unprintable}]+`;
/** A topic has at most 65,535 bytes; with all its levels it must stay far below that. */
const longestTopic = 200;

/** The prefix of topics: one level or more. Those that begin with `$` belong to the broker. */
export const TopicStart = (options: { default: string; description: string }) =>
  Type.String({
    ...options,
    pattern: `^(?!\\$)${level}(/${level})*$`,
    maxLength: longestTopic,
    [inWords]: `up to ${longestTopic} characters of topic levels, as in a/b: none empty, no +, # or control character, no $ in front`,
  });
