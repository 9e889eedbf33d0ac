import { InputError } from '../../../../sdk/base/errors.ts';

/** A message of protocol buffers' text format: the values of each field, in their order. An enum is its name. */
export class TextMessage {
  readonly #fields = new Map<string, (string | TextMessage)[]>();

  add(name: string, value: string | TextMessage): void {
    const values = this.#fields.get(name);
    if (values) values.push(value);
    else this.#fields.set(name, [value]);
  }

  get names(): readonly string[] {
    return [...this.#fields.keys()];
  }

  messages(name: string): readonly TextMessage[] {
    return this.#values(name).filter((value) => value instanceof TextMessage);
  }

  texts(name: string): readonly string[] {
    return this.#values(name).filter((value) => typeof value === 'string');
  }

  /** The last one, as protocol buffers have it. */
  message(name: string): TextMessage {
    return this.messages(name).at(-1) ?? none;
  }

  text(name: string): string | undefined {
    return this.texts(name).at(-1);
  }

  /** @throws InputError when one is no number. */
  numbers(name: string): number[] {
    return this.texts(name).map((text) => {
      const value = Number(text.replace(/(?<=[\d.])f$/i, ''));
      if (text !== '' && Number.isFinite(value)) return value;
      throw new InputError(`expected ${name} to be a number, got ${text.slice(0, 40)}`);
    });
  }

  number(name: string): number | undefined {
    return this.numbers(name).at(-1);
  }

  flag(name: string, fallback: boolean): boolean {
    const text = this.text(name);
    if (text === undefined) return fallback;
    if (/^(true|t|1)$/i.test(text)) return true;
    if (/^(false|f|0)$/i.test(text)) return false;
    throw new InputError(`expected ${name} to be true or false, got ${text.slice(0, 40)}`);
  }

  #values(name: string): readonly (string | TextMessage)[] {
    return this.#fields.get(name) ?? [];
  }
}

const none = new TextMessage();

/** Deeper messages are nobody's network, and would exhaust the stack. */
const mostDepth = 32;

const tokens =
  /[\s]+|#[^\n]*|(?<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?<word>[A-Za-z_][\w./-]*|[-+]?(?:\.?\d)[\w.]*(?:[eE][-+]?\d+f?)?|-[A-Za-z]+)|(?<sign>[{}<>:[\],;])/gy;

interface Token {
  readonly kind: 'text' | 'word' | 'sign';
  readonly value: string;
  readonly line: number;
}

/**
 * Reads protocol buffers' text format, as prototxt files are written in it, without their schema.
 *
 * @param what The file's name, for messages.
 * @throws InputError with the line where it is something else.
 */
export function readTextFormat(text: string, what: string): TextMessage {
  const reader = new TextReader(tokensOf(text, what), what);
  return reader.message(undefined, 0);
}

function tokensOf(text: string, what: string): Token[] {
  const found: Token[] = [];
  let line = 1;
  let end = 0;
  for (const match of text.matchAll(tokens)) {
    const { text: quoted, word, sign } = match.groups!;
    if (quoted !== undefined) found.push({ kind: 'text', value: unquoted(quoted), line });
    else if (word !== undefined) found.push({ kind: 'word', value: word, line });
    else if (sign !== undefined) found.push({ kind: 'sign', value: sign, line });
    for (const character of match[0]) if (character === '\n') line++;
    end = match.index + match[0].length;
  }
  if (end === text.length) return found;
  throw new InputError(`${what}, line ${line}: expected a field, a value or a brace, got ${shown(text.slice(end))}`);
}

const shown = (text: string) => JSON.stringify(text.slice(0, 20));

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)/g, (_, code: string) => {
    if (code.length > 1 && code.startsWith('x')) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]+$/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    return escapes[code] ?? code;
  });
}

class TextReader {
  readonly #tokens: readonly Token[];
  readonly #what: string;
  #at = 0;

  constructor(all: readonly Token[], what: string) {
    this.#tokens = all;
    this.#what = what;
  }

  /** @param close The brace that ends it; undefined for the file itself. */
  message(close: string | undefined, depth: number): TextMessage {
    if (depth > mostDepth) throw this.#wrong(`at most ${mostDepth} messages in each other`, 'one more');
    const message = new TextMessage();
    for (;;) {
      const token = this.#tokens[this.#at];
      if (!token) {
        if (close === undefined) return message;
        throw this.#wrong(`${close} at the end of a message`, 'the end of the file');
      }
      this.#at++;
      if (token.kind === 'sign' && token.value === close) return message;
      if (token.kind === 'sign' && (token.value === ',' || token.value === ';')) continue;
      if (token.kind !== 'word') throw this.#wrong('the name of a field', shown(token.value), token);
      this.#field(token.value, message, depth);
    }
  }

  #field(name: string, message: TextMessage, depth: number): void {
    const hasColon = this.#take(':');
    if (this.#take('{')) message.add(name, this.message('}', depth + 1));
    else if (this.#take('<')) message.add(name, this.message('>', depth + 1));
    else if (!hasColon) throw this.#wrong(`: or { after ${name}`, this.#next(), this.#tokens[this.#at]);
    else if (this.#take('[')) this.#list(name, message);
    else message.add(name, this.#value(name));
  }

  #list(name: string, message: TextMessage): void {
    while (!this.#take(']')) {
      message.add(name, this.#value(name));
      this.#take(',');
    }
  }

  #value(name: string): string {
    const token = this.#tokens[this.#at];
    if (!token || token.kind === 'sign') throw this.#wrong(`a value of ${name}`, this.#next(), token);
    this.#at++;
    let { value } = token;
    // Texts in a row are one.
    while (token.kind === 'text' && this.#tokens[this.#at]?.kind === 'text') value += this.#tokens[this.#at++]!.value;
    return value;
  }

  #take(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'sign' || token.value !== sign) return false;
    this.#at++;
    return true;
  }

  #next(): string {
    const token = this.#tokens[this.#at];
    return token ? shown(token.value) : 'the end of the file';
  }

  #wrong(expected: string, got: string, token: Token | undefined = this.#tokens.at(-1)): InputError {
    return new InputError(`${this.#what}, line ${token?.line ?? 1}: expected ${expected}, got ${got}`);
  }
}
