/** A value that Python's `repr` wrote, in JavaScript; a dict is a Map. */
export type PythonValue = string | number | boolean | null | PythonValue[] | Map<string | number, PythonValue>;

/** A list, or a dict by 0, 1, … as one; of anything else nothing. Undefined where a dict has other keys. */
export function listed(value: PythonValue): readonly PythonValue[] | undefined {
  if (!(value instanceof Map)) return Array.isArray(value) ? value : [];
  const entries = [...value].map(([key, one]) => [Number(key), one] as const).sort(([a], [b]) => a - b);
  return entries.every(([key], i) => key === i) ? entries.map(([, one]) => one) : undefined;
}

/** Maximum nesting of lists and dicts. */
const maxDepth = 16;

/**
 * Reads a Python literal: numbers, texts (both quotes, all escapes, prefixes `u` and `r`), True, False, None, lists, tuples
 * and dicts. Nothing is executed.
 *
 * @throws SyntaxError saying where, when it is something else.
 *
 * @example
 * parsePythonLiteral("{0: 'caf\\xe9', 1: \"dog's bed\"}"); // Map { 0 => 'café', 1 => "dog's bed" }
 */
export function parsePythonLiteral(text: string): PythonValue {
  const parser = new Parser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

const escapes: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

const hexLengths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
const words: ReadonlyMap<string, boolean | null> = new Map([
  ['True', true],
  ['False', false],
  ['None', null],
]);

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): PythonValue {
    if (depth > maxDepth) throw this.#error('lists and dicts nested at most 16 deep');
    this.#skipSpace();
    const next = this.#text[this.#at];
    if (next === '{') return this.#dict(depth);
    if (next === '[') return this.#list(']', depth).values;
    if (next === '(') return this.#tuple(depth);
    const quoted = this.#match(/([uUrR]?)(["'])/y);
    if (quoted) return this.#texts(quoted);
    const number = this.#match(/[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y);
    if (number) return Number(number[0].replaceAll('_', ''));
    const word = this.#match(/[A-Za-z]+/y)?.[0] ?? '';
    const value = words.get(word);
    if (value === undefined) throw this.#error('a value');
    return value;
  }

  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#error('the end');
  }

  /** In parentheses a value is itself; with a comma after it, a tuple. */
  #tuple(depth: number): PythonValue {
    const { values, hasComma } = this.#list(')', depth);
    return values.length === 1 && !hasComma ? values[0]! : values;
  }

  #list(end: string, depth: number): { values: PythonValue[]; hasComma: boolean } {
    this.#at++;
    const values: PythonValue[] = [];
    let hasComma = true;
    while (!this.#takes(end)) {
      if (!hasComma) throw this.#error(`a comma or ${end}`);
      values.push(this.value(depth + 1));
      hasComma = this.#takes(',');
    }
    return { values, hasComma };
  }

  #dict(depth: number): Map<string | number, PythonValue> {
    this.#at++;
    const entries = new Map<string | number, PythonValue>();
    let hasComma = true;
    while (!this.#takes('}')) {
      if (!hasComma) throw this.#error('a comma or }');
      const key = this.value(depth + 1);
      if (typeof key !== 'string' && typeof key !== 'number') throw this.#error('a key that is a text or a number');
      if (!this.#takes(':')) throw this.#error('a colon');
      entries.set(key, this.value(depth + 1));
      hasComma = this.#takes(',');
    }
    return entries;
  }

  /** Adjacent strings are concatenated. */
  #texts(first: RegExpExecArray): string {
    let all = '';
    for (let quoted: RegExpExecArray | null = first; quoted; quoted = this.#match(/([uUrR]?)(["'])/y)) {
      all += this.#restOfText(quoted[2]!, quoted[1] === 'r' || quoted[1] === 'R');
      this.#skipSpace();
    }
    return all;
  }

  #restOfText(quote: string, isRaw: boolean): string {
    let text = '';
    for (;;) {
      const next = this.#text[this.#at++];
      if (next === undefined || next === '\n') throw this.#error(`the text to end with ${quote}`);
      if (next === quote) return text;
      if (next !== '\\') text += next;
      else if (isRaw) text += next + (this.#text[this.#at++] ?? '');
      else text += this.#escaped();
    }
  }

  #escaped(): string {
    const octal = this.#match(/[0-7]{1,3}/y);
    if (octal) return String.fromCharCode(Number.parseInt(octal[0], 8));
    const next = this.#text[this.#at++] ?? '';
    const length = hexLengths[next];
    // An escape that Python does not know is kept.
    if (length === undefined) return escapes[next] ?? `\\${next}`;
    const digits = this.#text.slice(this.#at, this.#at + length);
    const code = /^[0-9a-fA-F]+$/.test(digits) && digits.length === length ? Number.parseInt(digits, 16) : -1;
    if (code < 0 || code > 0x10ffff) throw this.#error(`${length} hex digits after \\${next}`);
    this.#at += length;
    return String.fromCodePoint(code);
  }

  #skipSpace(): void {
    this.#match(/\s+/y);
  }

  #takes(what: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== what) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found) this.#at += found[0].length;
    return found;
  }

  #error(expected: string): SyntaxError {
    const got = this.#text.slice(this.#at, this.#at + 20);
    return new SyntaxError(`expected ${expected} at character ${this.#at + 1}, got ${got === '' ? 'the end' : got}`);
  }
}
