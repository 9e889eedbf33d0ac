import { type TSchema, Type } from '@sinclair/typebox';
import { parse, stringify, TomlError } from 'smol-toml';
import { maskSource } from '../base/credentials.ts';
import { InputError, messageOf } from '../base/errors.ts';
import { changeOf } from './change-of.ts';
import { assertHarmless } from './outside-json.ts';
import { type DeepPartial, Settings } from './schema.ts';
import { isSecret } from './secrets.ts';
import { validate } from './validate.ts';

const { data: _, ...fields } = Settings.properties;

/**
 * What `ocellus.toml` on a card may say: any setting of `ocellus.yaml`, by the same names, but `data`, which belongs to
 * the card. None is required, and what is left out stays as it is.
 */
export type FirstBootSettings = DeepPartial<Omit<Settings, 'data'>>;
export const FirstBootSettings = Type.Unsafe<FirstBootSettings>(
  changeOf(Type.Object(fields, { additionalProperties: false })),
);

/** A person's file has some hundred bytes; with certificates in it, some thousand. */
const longestFile = 256 * 1024;
const named = 'ocellus.toml';

/**
 * Reads `ocellus.toml`, whatever editor saved it: a byte order mark, UTF-16, and any line ends are accepted.
 *
 * @example readFirstBoot(Buffer.from('node = "porch"')); // { node: 'porch' }
 *
 * @param what Names the file in errors.
 * @throws InputError with a line for each fault; none shows a value that may be a secret.
 */
export function readFirstBoot(bytes: Uint8Array, what = named): FirstBootSettings {
  return validate(FirstBootSettings, readToml(bytes, what), what);
}

/**
 * Parses TOML that a person saved with any editor.
 *
 * @throws InputError naming the line. It does not show it, for a password may be there.
 */
export function readToml(bytes: Uint8Array, what: string): Record<string, unknown> {
  const text = textOf(bytes, what);
  try {
    const value = parse(text);
    assertHarmless(value);
    return value;
  } catch (error) {
    if (!(error instanceof TomlError)) throw new InputError(`${what} is not right: ${messageOf(error)}`);
    // Its message goes on with the lines around.
    const [reason = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n');
    throw new InputError(`${what} is not right:\n  line ${error.line}: ${reason}${hintFor(text, error.line)}`);
  }
}

function textOf(bytes: Uint8Array, what: string): string {
  if (bytes.length > longestFile) {
    throw new InputError(`${what} is not right: expected at most ${longestFile} bytes, got ${bytes.length}`);
  }
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8';
  try {
    // The decoder removes a byte order mark.
    return new TextDecoder(encoding, { fatal: true }).decode(bytes).replace(/\r\n?/g, '\n');
  } catch {
    throw new InputError(`${what} is not right: expected text in UTF-8; save it again with that encoding`);
  }
}

/** Of the faults that people make, the two that a parser cannot name. */
function hintFor(text: string, line: number): string {
  const faulty = text.split('\n')[line - 1] ?? '';
  if (/[\u201c\u201d\u201e\u2018\u2019]/.test(faulty))
    return ' (the editor wrote curved quotes; straight ones are needed)';
  return /^\s*[\w.-]+\s*=\s*[^"'\s[{\d+-]/.test(faulty) && !/=\s*(true|false)\b/.test(faulty)
    ? ' (text needs quotes, as in node = "porch")'
    : '';
}

/** Settings that are addresses: only those with a password in them are secret. */
const addresses: ReadonlySet<string> = new Set(['broker', 'source', 'substream']);

/**
 * Takes the secrets out: passwords, user names, and addresses that contain one. References (`${NAME}`) are none.
 *
 * @returns A new value, and the paths of what was taken out.
 */
export function withoutSecrets(settings: FirstBootSettings): {
  readonly settings: FirstBootSettings;
  readonly removed: readonly string[];
} {
  const removed: string[] = [];
  return { settings: cleared(FirstBootSettings, settings, '', removed) as FirstBootSettings, removed };
}

function cleared(schema: TSchema, value: unknown, above: string, removed: string[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const byName = Object.values((schema.patternProperties ?? {}) as Record<string, TSchema>)[0];
  const result: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const path = above ? `${above}.${key}` : key;
    const innerSchema: TSchema | undefined = schema.properties?.[key] ?? byName;
    if (innerSchema && isSecret(innerSchema) && holdsOne(key, inner)) removed.push(path);
    else result[key] = innerSchema ? cleared(innerSchema, inner, path, removed) : inner;
  }
  return result;
}

function holdsOne(key: string, value: unknown): boolean {
  if (typeof value !== 'string' || value === '' || /^\$\{[^}]*\}$/.test(value)) return false;
  return !addresses.has(key) || maskSource(value) !== value;
}

/**
 * Returns the text of an `ocellus.toml`, with line ends that every editor shows.
 *
 * @example firstBootText({ node: 'porch' });
 *
 * @param remarks Lines of comments above.
 */
export function firstBootText(settings: FirstBootSettings, remarks: readonly string[] = []): string {
  const lines = [...remarks.map((line) => `# ${line}`.trimEnd()), ...(remarks.length > 0 ? [''] : [])];
  return [...lines, ...stringify(settings).trimEnd().split('\n'), ''].join('\r\n');
}

/** An `ocellus.toml` to fill in: it says nothing until a `#` is removed. */
export const firstBootTemplate: string = [
  '# Settings of this board. Remove the # in front of a line to set it, save, put the card into the board and start it.',
  '# They are read once; passwords are then removed from this file. What is wrong is said in ocellus-errors.txt beside it.',
  '# Any setting of docs/settings.md may be here. Wi-Fi, user and SSH are set in Raspberry Pi Imager instead.',
  '',
  '# node = "porch"                    # lower-case letters, digits, _ and -',
  '',
  '# [console]',
  '# password = ""                     # of the page, at least 8 characters',
  '',
  '# [cameras.camera]',
  '# source = "auto:"                  # or rtsp://user:password@host/path, v4l2:/dev/video0, libcamera:0',
  '',
  '# [mqtt]',
  '# broker = "mqtt://homeassistant.local:1883"',
  '# username = ""',
  '# password = ""                     # or a token',
  '',
  '# [mqtt.tls]                        # for mqtts://',
  '# ca = "ca.pem"                     # a file beside this one',
  '',
].join('\r\n');
