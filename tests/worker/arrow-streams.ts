import {
  Binary,
  Field,
  makeBuilder,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  type Table,
  type TypeMap,
  tableFromIPC,
  Utf8,
} from 'apache-arrow';
import type { Picture } from '../../tools/worker/task.ts';

/** A stream as an engine writes it, with a column that nobody asked for. */
export function streamOf(
  batches: readonly (readonly Picture[])[],
  names = ['length', 'path', 'content'],
  other: TypeMap = {},
): Uint8Array {
  const types: TypeMap = { length: new Utf8(), path: new Utf8(), content: new Binary(), ...other };
  const schema = new Schema(names.map((name) => new Field(name, types[name]!, true)));
  const type = new Struct<TypeMap>(schema.fields);
  const writer = new RecordBatchStreamWriter({ autoDestroy: false });
  writer.reset(undefined, schema);
  for (const rows of batches) {
    const children = schema.fields.map(({ name, type }) => {
      const builder = makeBuilder({ type, nullValues: [null, undefined] });
      for (const row of rows) builder.append((row as unknown as Record<string, unknown>)[name]);
      return builder.finish().flush();
    });
    writer.write(new RecordBatch(schema, makeData({ type, length: rows.length, nullCount: 0, children })));
  }
  writer.finish();
  return writer.toUint8Array(true);
}

/** The rows of a stream as plain values. */
export function rowsOf(stream: Uint8Array): Record<string, unknown>[] {
  return JSON.parse(JSON.stringify(tableFromIPC(stream).toArray()));
}

/** Of a stream: its batches' numbers of rows. */
export const batchesOf = (stream: Uint8Array) => (tableFromIPC(stream) as Table).batches.map(({ numRows }) => numRows);
