import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { shown } from '../../sdk/base/arguments.ts';
import { composed } from '../../sdk/base/composed.ts';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { otherThanFile } from '../../sdk/base/other-than-file.ts';
import type { ClassifierCard } from '../../sdk/core/cards/card.ts';
import { type Embedding, quantiseEmbedding } from '../../sdk/core/embedding.ts';
import { checkLabel } from '../../sdk/learn/ledger/example.ts';
import { defaultLimits } from '../../sdk/learn/ledger/limits.ts';

/** A row of a table of what is to be taught. */
export interface LessonRow {
  readonly label: string;
  /** Of the picture; file and row where the table has none. */
  readonly file: string;
  /** The SHA-256 of the network that the embedding is of, if the table has it. */
  readonly model?: string;
  readonly embedding: Embedding;
}

/** What is to be taught, and what of a table is not. */
export interface LessonTable {
  /** By label, then by path: the order in which a folder of folders is taught, however an engine has dealt out the rows. */
  readonly rows: readonly LessonRow[];
  /** How many rows have no embedding: pictures that could not be read. */
  readonly without: number;
  /** How many others have no label: pictures of which nobody has said what they show. */
  readonly unlabelled: number;
}

/**
 * Reads Parquet files of embeddings and labels, as ocellus-spark makes them of pictures, joined with labels, in any compression.
 *
 * @param paths Files, or folders of them.
 * @throws InputError when a file is none, lacks a column, or has something else in it.
 */
export async function readLessonTable(paths: readonly string[]): Promise<LessonTable> {
  const rows: LessonRow[] = [];
  let [without, unlabelled] = [0, 0];
  for (const file of await filesOf(paths)) {
    for (const [i, row] of (await rowsOf(file)).entries()) {
      if (row.embedding === null || row.embedding === undefined) without++;
      else if (row.label === null || row.label === undefined) unlabelled++;
      else rows.push(lessonOf(row, `${file}, row ${i + 1}`));
    }
  }
  rows.sort((a, b) => order(a.label, b.label) || order(a.file, b.file));
  if (rows.length === 0) {
    throw new InputError(
      `${paths.join(', ')}: expected rows with a label and an embedding, found none; ${without} have no embedding, ${unlabelled} others no label`,
    );
  }
  assertFewLabels(rows);
  return { rows, without, unlabelled };
}

/** Before anything is taught: half of the labels would be of no use. */
function assertFewLabels(rows: readonly LessonRow[]): void {
  const labels = new Set(rows.map(({ label }) => label)).size;
  const most = defaultLimits.parts;
  if (labels <= most) return;
  throw new InputError(`label: expected at most ${most} different ones, got ${labels}; a store keeps no more`);
}

/**
 * Embeddings of two networks cannot be compared.
 *
 * @param card Of the embedding network of the store.
 * @throws InputError when a row is of another one.
 */
export function assertNetwork({ rows }: LessonTable, { sha256, dimension }: ClassifierCard): void {
  for (const { file, model, embedding } of rows) {
    if (model !== undefined && model !== sha256) {
      throw new InputError(
        `${file}: model: expected ${sha256}, the embedding network of the store, got ${model}; --model names the network of a new store`,
      );
    }
    const { length } = embedding.values;
    if (length !== dimension) throw new InputError(`${file}: embedding: expected ${dimension} numbers, got ${length}`);
  }
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function lessonOf({ label, embedding, model, path }: Row, where: string): LessonRow {
  assertNumbers(embedding, where);
  if (typeof label !== 'string') {
    throw new InputError(
      `${where}: label: expected a text, got ${shown(label)}, ${kindOf(label)}; write a column of the labels’ names`,
    );
  }
  const name = composed(label);
  try {
    checkLabel(name);
    return {
      label: name,
      file: typeof path === 'string' ? path : where,
      ...(typeof model === 'string' && { model }),
      embedding: quantiseEmbedding(Float32Array.from(embedding)),
    };
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${where}: ${error.message}`) : error;
  }
}

function assertNumbers(embedding: unknown, where: string): asserts embedding is number[] {
  const expected = `${where}: embedding: expected a list of floats`;
  if (!Array.isArray(embedding)) throw new InputError(`${expected}, got ${shown(embedding)}`);
  const at = embedding.findIndex((value) => typeof value !== 'number');
  if (at < 0) return;
  const got: unknown = embedding[at];
  throw new InputError(`${expected}, got ${shown(got)}, ${kindOf(got)}, as number ${at + 1} of it`);
}

/** Whole numbers of 64 bits are read as such. */
function kindOf(value: unknown): string {
  if (typeof value === 'bigint') return 'a whole number';
  if (value === null) return 'nothing';
  return typeof value === 'object' ? shown(value) : `a ${typeof value}`;
}

/** As it is read: the columns may be of any type. */
type Row = Partial<Record<'label' | 'embedding' | 'model' | 'path', unknown>>;

async function filesOf(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const found = await stat(path).catch((error: unknown) => {
      throw new InputError(`${path}: expected a Parquet file or a folder of them; ${messageOf(error)}`);
    });
    const other = otherThanFile(found);
    if (other !== undefined) {
      throw new InputError(`${path}: expected a Parquet file or a folder of them, got ${other}`);
    }
    if (!found.isDirectory()) files.push(path);
    else {
      const all = await readdir(path, { withFileTypes: true });
      const partition = all.find((entry) => entry.isDirectory() && /^[^._].*=/.test(entry.name));
      if (partition) {
        throw new InputError(
          `${path}: expected a table in one folder, got one in partitions (${partition.name}); write it without partitionBy`,
        );
      }
      const names = all.map(({ name }) => name).filter((name) => name.endsWith('.parquet') && !/^[._]/.test(name));
      if (names.length === 0) throw new InputError(`${path}: expected Parquet files in it (.parquet), found none`);
      files.push(...names.sort().map((name) => join(path, name)));
    }
  }
  return files;
}

async function rowsOf(path: string): Promise<Row[]> {
  const { parquetMetadata, parquetReadObjects, parquetSchema, compressors } = await reader();
  try {
    const { buffer, byteOffset, byteLength } = await readFile(path);
    const file = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
    const metadata = parquetMetadata(file);
    // Those of the table; fields of structs have names too.
    const names = parquetSchema(metadata).children.map(({ element }) => element.name);
    const missing = ['label', 'embedding'].filter((name) => !names.includes(name));
    if (missing.length > 0) throw new Error(`expected a column ${missing.join(' and one ')}, got ${names.join(', ')}`);
    const columns = ['label', 'embedding', 'model', 'path'].filter((name) => names.includes(name));
    return (await parquetReadObjects({ file, metadata, columns, compressors })) as unknown as Row[];
  } catch (error) {
    throw new InputError(`${path}: cannot be read as Parquet of labels and embeddings: ${messageOf(error)}`);
  }
}

/** In the command's bundle; else installed for development only. */
async function reader() {
  try {
    const { compressors } = await import('hyparquet-compressors');
    return { ...(await import('hyparquet')), compressors };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new InputError(
      'beside code of your own (--import): expected the packages hyparquet and hyparquet-compressors; run `npm install hyparquet hyparquet-compressors`',
    );
  }
}
