import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import {
  DataType,
  Field,
  Float32,
  Int32,
  List,
  makeBuilder,
  makeData,
  RecordBatch,
  RecordBatchReader,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  type TypeMap,
  Utf8,
} from 'apache-arrow';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { PictureMemory } from '../../sdk/picture/picture-memory.ts';
import { floatsOf } from './floats.ts';
import type { Write } from './standard-output.ts';
import { type Answer, answers, type Counts, type Picture, type Task, type TaskKind } from './task.ts';

/** So long the end of stdin is awaited after the end of the stream. */
const lateMs = 1000;

/** A batch is written when its rows are about so large: readers keep whole batches in memory. */
const batchBytes = 4 << 20;

/**
 * Answers an Arrow IPC stream with one: rows of `path` and `content` come in, other columns are ignored; a row for each goes
 * out, in their order. Without a column `content`, `path` is that of a file on this machine, which is read here. What came in one
 * batch is answered before the next one is awaited.
 *
 * @throws InputError when the stream is none, has not these columns, or ends within a batch; when another one follows.
 */
export async function answerArrow(input: Readable, write: Write, task: Task): Promise<Counts> {
  const reader = await opened(input);
  const columns = columnsOf(reader.schema);
  const out = new Batches(task.kind);
  const memory = new PictureMemory();
  const counts: Counts = { pictures: 0, errors: 0 };
  await write(out.begin());
  for (let batch = await next(reader); batch; batch = await next(reader)) {
    for await (const answer of answers(picturesOf(batch, columns), task, memory)) {
      counts.pictures++;
      if (answer.error !== undefined) counts.errors++;
      out.add(answer);
      if (out.bytes >= batchBytes) await write(out.take());
    }
    if (out.bytes > 0) await write(out.take());
  }
  await assertEnd(reader);
  await write(out.end());
  return counts;
}

async function opened(input: Readable) {
  try {
    const reader = await RecordBatchReader.from(input);
    // What follows is looked for.
    await reader.open({ autoDestroy: false });
    if (reader.schema) return reader;
  } catch (error) {
    throw noStream(error);
  }
  throw new InputError('stdin: expected an Arrow IPC stream, got nothing');
}

async function next(reader: Awaited<ReturnType<typeof opened>>): Promise<RecordBatch | undefined> {
  try {
    const { done, value } = await reader.next();
    return done ? undefined : value;
  } catch (error) {
    throw noStream(error);
  }
}

/** Streams one after the other, as `cat` makes them: rows of the second would be lost. */
async function assertEnd(reader: Awaited<ReturnType<typeof opened>>): Promise<void> {
  if (!reader.isStream()) return;
  const more = (async () => (await reader.reset().open()).schema !== undefined)().catch(() => true);
  // Who keeps stdin open and waits is answered; who writes there later has a broken pipe.
  if (!(await Promise.race([more, setTimeout(lateMs, false, { ref: false })]))) return;
  throw new InputError('stdin: expected its end after an Arrow IPC stream, got more; start a worker for each stream');
}

function noStream(error: unknown): InputError {
  const why = messageOf(error);
  // The second of a type of a width that Arrow has not, as Polars' whole numbers of 128 bits.
  const [, name, kind] = /^Unrecognized (?:type: "(\w+)"|(\w+) type)/.exec(why) ?? [];
  const type = name ?? (kind && `${kind} of another width than Arrow's`);
  if (type !== undefined) {
    return new InputError(
      `stdin: expected columns of types that can be read here, got one of ${type}; leave it out, or cast it to the type of its values`,
    );
  }
  if (/ compressed /.test(why)) {
    return new InputError(
      'stdin: expected an Arrow IPC stream without compression, got one with; have its writer leave lz4 or zstd out',
    );
  }
  return new InputError(`stdin: expected an Arrow IPC stream, got something else or a part of one: ${why}`);
}

interface Columns {
  readonly path: number;
  /** Undefined where files are read here. */
  readonly content: number | undefined;
}

/** Of any layout: Polars writes views, what has few values may be a dictionary of them, and what has none may have no type. */
const isText = (type: DataType): boolean =>
  DataType.isNull(type) ||
  DataType.isUtf8(type) ||
  DataType.isLargeUtf8(type) ||
  DataType.isUtf8View(type) ||
  (DataType.isDictionary(type) && isText(type.dictionary));

const isBytes = (type: DataType): boolean =>
  DataType.isNull(type) ||
  DataType.isBinary(type) ||
  DataType.isLargeBinary(type) ||
  DataType.isBinaryView(type) ||
  (DataType.isDictionary(type) && isBytes(type.dictionary));

function columnsOf({ fields }: Schema): Columns {
  const has = (name: string) => fields.some((field) => field.name === name);
  const find = (name: string, kind: string, fits: (type: DataType) => boolean) => {
    const at = fields.findIndex((field) => field.name === name);
    if (fields.findLastIndex((field) => field.name === name) !== at) {
      throw new InputError(`stdin: expected one column ${name}, got several`);
    }
    if (at >= 0 && fits(fields[at]!.type)) return at;
    const got = at >= 0 ? `one of ${fields[at]!.type}` : fields.map((field) => field.name).join(', ') || 'no columns';
    throw new InputError(`stdin: expected a column ${name} of ${kind}, got ${got}`);
  };
  return {
    path: find('path', 'texts (Utf8)', isText),
    content: has('content') ? find('content', 'bytes (Binary)', isBytes) : undefined,
  };
}

function* picturesOf(batch: RecordBatch, { path, content }: Columns): Generator<Picture> {
  const paths = column<string>(batch, path);
  if (content === undefined) {
    for (let i = 0; i < batch.numRows; i++) yield fileOf(paths(i));
    return;
  }
  assertOffsets(batch, content);
  const contents = column<Uint8Array>(batch, content);
  for (let i = 0; i < batch.numRows; i++) yield { path: paths(i), content: contents(i) };
}

/** The values of a column by row. */
function column<T>(batch: RecordBatch, at: number): (row: number) => T | null {
  const data = batch.data.children[at]!;
  const { dictionary } = data;
  if (!dictionary) {
    const values = batch.getChildAt(at)!;
    return (row) => values.get(row);
  }
  // Of 64 bits, which apache-arrow does not look up; pyarrow makes them of a list of indices.
  return (row) => (data.getValid(row) ? dictionary.get(Number(data.values[row])) : null);
}

/** Paths as Hadoop writes them: of this machine's files with `file:`, and nothing escaped. */
function fileOf(path: string | null): Picture {
  if (path === null) return { path, content: null, why: 'expected the path of a file, got none' };
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]+):(.*)$/is.exec(path) ?? [];
  if (scheme === undefined) return { path, content: path };
  if (scheme.toLowerCase() === 'file') return { path, content: rest!.replace(/^\/\/(?=\/)/, '') };
  const expected = 'expected a file of this machine, such as file:/album/cat.jpg, where there is no column content';
  return { path, content: null, why: `${expected}; got one of ${scheme}` };
}

/** Some writers let offsets of 32 bits wrap past 2 GiB: the rows would show other rows' bytes. */
function assertOffsets(batch: RecordBatch, content: number): void {
  const { type, length, valueOffsets } = batch.data.children[content]!;
  if (!DataType.isBinary(type)) return;
  for (let i = 1; i <= length; i++) {
    if (valueOffsets[i]! >= valueOffsets[i - 1]!) continue;
    throw new InputError(
      'stdin: expected batches of less than 2 GiB, got one whose offsets have wrapped; put fewer rows into one',
    );
  }
}

const listOf = (type: DataType) => new List(new Field('element', type, false));

/** What is told of a picture, by task. */
const ownColumns: Readonly<Record<TaskKind, Field>> = {
  detect: new Field(
    'detections',
    listOf(
      new Struct<TypeMap>([
        new Field('label', new Utf8(), false),
        new Field('score', new Float32(), false),
        new Field('box', listOf(new Float32()), false),
      ]),
    ),
    true,
  ),
  embed: new Field('embedding', listOf(new Float32()), true),
  classify: new Field(
    'classes',
    listOf(
      new Struct<TypeMap>([
        new Field('label', new Utf8(), false),
        new Field('score', new Float32(), false),
        new Field('nearest', new Utf8(), true),
      ]),
    ),
    true,
  ),
};

/** Texts without a dictionary: each batch would bring another one, at which a stream ends. */
const schemaOf = (kind: TaskKind) =>
  new Schema([
    new Field('path', new Utf8(), true),
    new Field('model', new Utf8(), false),
    new Field('width', new Int32(), true),
    new Field('height', new Int32(), true),
    ownColumns[kind],
    new Field('error', new Utf8(), true),
  ]);

/** The messages of a stream, made of answers. */
class Batches {
  /** Of the rows that wait, about. */
  bytes = 0;
  readonly #schema: Schema;
  readonly #writer = new Collector();
  #rows: Record<string, unknown>[] = [];

  constructor(kind: TaskKind) {
    this.#schema = schemaOf(kind);
  }

  begin(): Uint8Array {
    this.#writer.reset(undefined, this.#schema);
    return this.#writer.taken();
  }

  add({ detections, embedding, ...answer }: Answer): void {
    this.#rows.push({
      ...answer,
      ...(detections && {
        detections: Array.from(detections, ({ label, score, box }) => ({ label, score, box })),
      }),
      ...(embedding && { embedding: floatsOf(embedding) }),
    });
    this.bytes +=
      200 + (answer.path?.length ?? 0) + 50 * (detections?.length ?? 0) + 4 * (embedding?.values.length ?? 0);
  }

  take(): Uint8Array {
    const rows = this.#rows;
    const children = this.#schema.fields.map(({ name, type }) => {
      const builder = makeBuilder({ type, nullValues: [null, undefined] });
      for (const row of rows) builder.append(row[name]);
      return builder.finish().flush();
    });
    const type = new Struct<TypeMap>(this.#schema.fields);
    this.#writer.write(new RecordBatch(this.#schema, makeData({ type, length: rows.length, nullCount: 0, children })));
    this.#rows = [];
    this.bytes = 0;
    return this.#writer.taken();
  }

  end(): Uint8Array {
    this.#writer.finish();
    return this.#writer.taken();
  }
}

/** Gives what it has written when asked: whoever writes it on can wait for the reader. */
class Collector extends RecordBatchStreamWriter {
  #chunks: Uint8Array[] = [];

  constructor() {
    super({ autoDestroy: false });
  }

  taken(): Uint8Array {
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [];
    return all;
  }

  protected override _write(chunk: ArrayBufferView): this {
    // As of the class that this is: without a schema there is nothing to end.
    if (!this._started) return this;
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#chunks.push(bytes);
    this._position += bytes.length;
    return this;
  }
}
