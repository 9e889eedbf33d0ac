import { createReadStream } from 'node:fs';
import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { toWire } from '../../sdk/base/wire.ts';
import { errorsOf } from '../../sdk/config/validate.ts';
import { maxSide, pixelFormats } from '../../sdk/frame/layout.ts';

const Side = Type.Integer({ minimum: 1, maximum: maxSide });
const Count = Type.Integer({ minimum: 0 });

/** The frames that follow are those of this file, in order. */
const VideoLine = Type.Object(
  {
    video: Type.String({ pattern: '^video-[0-9]{1,6}\\.mkv$' }),
    format: Type.Union(pixelFormats.map((format) => Type.Literal(format))),
    width: Side,
    height: Side,
    colour: Type.Object({
      matrix: Type.Union([Type.Literal('bt601'), Type.Literal('bt709')]),
      range: Type.Union([Type.Literal('limited'), Type.Literal('full')]),
    }),
  },
  { additionalProperties: false },
);
export type VideoLine = Static<typeof VideoLine>;

const WireFrameLine = Type.Object(
  { sequence: Count, capture_time_ns: Type.Number({ minimum: 0 }), wall_time_ms: Type.Number() },
  { additionalProperties: false },
);
/** As recordings of version 1 have it. */
const OldFrameLine = Type.Object(
  { sequence: Count, captureTimeNs: Type.Number({ minimum: 0 }), wallTimeMs: Type.Number() },
  { additionalProperties: false },
);

export interface FrameLine {
  readonly sequence: number;
  readonly captureTimeNs: number;
  readonly wallTimeMs: number;
}

/** The last line of a recording that was ended, not interrupted. */
const EndLine = Type.Object({ frames: Count }, { additionalProperties: false });
export type EndLine = Static<typeof EndLine>;

export type IndexLine = VideoLine | FrameLine | EndLine;

/** A line as it stands in the index, with its end. */
export const lineToWire = (line: IndexLine): string => `${JSON.stringify(toWire(line))}\n`;

/** No recorder writes longer ones. */
const longestLine = 4096;

/** Reads a recording's index line by line, so that a long one needs no more memory than a short one. */
export class IndexReader {
  readonly #file: string;
  readonly #lines: AsyncGenerator<IndexLine, undefined>;
  #ahead: Promise<IteratorResult<IndexLine, undefined>> | undefined;

  constructor(file: string) {
    this.#file = file;
    this.#lines = this.#read();
  }

  /** The next line, which stays; undefined at the end. @throws InputError naming a line that is wrong. */
  async peek(): Promise<IndexLine | undefined> {
    this.#ahead ??= this.#lines.next();
    return (await this.#ahead).value;
  }

  /** The next line, which is gone then. */
  async take(): Promise<IndexLine | undefined> {
    const line = await this.peek();
    this.#ahead = undefined;
    return line;
  }

  async close(): Promise<void> {
    await this.#lines.return(undefined);
  }

  async *#read(): AsyncGenerator<IndexLine, undefined> {
    // A line that was cut off has no newline: it is told from one that is wrong by nothing following it.
    let wrong: InputError | undefined;
    let number = 0;
    let before: FrameLine | undefined;
    try {
      for await (const text of this.#texts()) {
        if (wrong) throw wrong;
        number++;
        const line = this.#parse(text, number);
        if (line instanceof InputError) {
          wrong = line;
          continue;
        }
        if ('sequence' in line) {
          this.#assertFollows(line, before, number);
          before = line;
        }
        yield line;
      }
    } catch (error) {
      throw error instanceof InputError ? error : new InputError(`${this.#file}: ${messageOf(error)}`);
    }
    return undefined;
  }

  /** Without Node's readline: a line without an end would end this process. */
  async *#texts(): AsyncGenerator<string> {
    let rest = '';
    for await (const chunk of createReadStream(this.#file, 'utf8')) {
      const texts = `${rest}${chunk}`.split('\n');
      rest = texts.pop()!;
      if (rest.length > longestLine) {
        throw new InputError(`${this.#file}: expected lines of at most ${longestLine} characters, got a longer one`);
      }
      yield* texts;
    }
    if (rest !== '') yield rest;
  }

  #parse(text: string, number: number): IndexLine | InputError {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return this.#wrong(number, `expected JSON, got ${JSON.stringify(text.slice(0, 40))}`);
    }
    const schema = schemaOf(value);
    if (Value.Check(schema, value)) return lineFromWire(value as WireLine);
    return this.#wrong(number, errorsOf(schema, value)[0] ?? 'expected a video, a frame or the end');
  }

  #assertFollows(line: FrameLine, before: FrameLine | undefined, number: number): void {
    if (!before || follows(line, before)) return;
    const { sequence, captureTimeNs } = before;
    throw this.#wrong(number, `expected a frame after number ${sequence} and ${captureTimeNs} ns`);
  }

  #wrong(number: number, what: string): InputError {
    return new InputError(`${this.#file}, line ${number}: ${what}`);
  }
}

/** Whether it is a later frame of the same source, whose counter restarts when it is reopened. */
export function follows(frame: FrameLine, before: FrameLine): boolean {
  return frame.sequence > before.sequence && frame.captureTimeNs >= before.captureTimeNs;
}

type WireLine = VideoLine | EndLine | Static<typeof WireFrameLine> | Static<typeof OldFrameLine>;

function schemaOf(value: unknown): TSchema {
  if (typeof value !== 'object' || value === null) return WireFrameLine;
  if ('video' in value) return VideoLine;
  if ('frames' in value) return EndLine;
  return 'captureTimeNs' in value ? OldFrameLine : WireFrameLine;
}

function lineFromWire(line: WireLine): IndexLine {
  if (!('capture_time_ns' in line)) return line;
  const { sequence, capture_time_ns: captureTimeNs, wall_time_ms: wallTimeMs } = line;
  return { sequence, captureTimeNs, wallTimeMs };
}
