import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SchemaElement } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { loadClassifier } from '../../sdk/core/classifier.ts';
import { embedPicture } from '../../sdk/learn/camera/embed-picture.ts';
import { readPicture } from '../../sdk/picture/picture.ts';
import { floatsOf } from '../../tools/worker/floats.ts';
import { temporaryFolder } from '../support/folders.ts';
import { jsonLines, ocellus, photo } from './cli.ts';
import { headOf } from './heads.ts';

interface Row {
  readonly path: string;
  readonly label: string | null;
  readonly model: string;
  readonly embedding: readonly number[] | null;
}

/** As Spark nests it. */
function parquetOf(rows: readonly Row[], without?: string): Uint8Array {
  const names = ['path', 'label', 'model', 'embedding'].filter((name) => name !== without);
  const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' } as const;
  const list: SchemaElement[] = [
    { name: 'embedding', converted_type: 'LIST', num_children: 1, repetition_type: 'OPTIONAL' },
    { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
    { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
  ];
  return new Uint8Array(
    parquetWriteBuffer({
      schema: [
        { name: 'schema', num_children: names.length },
        ...names.flatMap((name) => (name === 'embedding' ? list : [{ name, ...text } as SchemaElement])),
      ],
      columnData: names.map((name) => ({ name, data: rows.map((row) => row[name as keyof Row]) })),
    }),
  );
}

/** One row, with a label of any kind and a list. */
function columnsOf({ label, embedding }: { label: unknown[]; embedding: unknown[] }): Uint8Array {
  const kind = (value: unknown) =>
    ({ bigint: { type: 'INT64' }, number: { type: 'INT32' }, string: { type: 'BYTE_ARRAY', converted_type: 'UTF8' } })[
      typeof value as 'bigint' | 'number' | 'string'
    ] as Partial<SchemaElement>;
  return new Uint8Array(
    parquetWriteBuffer({
      schema: [
        { name: 'schema', num_children: 2 },
        { name: 'label', repetition_type: 'OPTIONAL', ...kind(label[0]) },
        { name: 'embedding', converted_type: 'LIST', num_children: 1, repetition_type: 'OPTIONAL' },
        { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
        { name: 'element', repetition_type: 'OPTIONAL', ...kind(embedding[0]) },
      ],
      columnData: [
        { name: 'label', data: label },
        { name: 'embedding', data: [embedding] },
      ],
    }),
  );
}

/** Columns that are fields of a struct. */
const nested = () =>
  new Uint8Array(
    parquetWriteBuffer({
      schema: [
        { name: 'schema', num_children: 1 },
        { name: 'row', num_children: 2, repetition_type: 'OPTIONAL' },
        { name: 'label', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
        { name: 'embedding', type: 'FLOAT', repetition_type: 'OPTIONAL' },
      ],
      columnData: [{ name: 'row', data: [{ label: 'cat', embedding: 1 }] }],
    }),
  );

async function embedded(photos: readonly string[], labelOf: (name: string) => string): Promise<Row[]> {
  const classifier = await loadClassifier();
  const rows: Row[] = [];
  for (const name of photos) {
    const frame = await readPicture(photo(name));
    const embedding = [...floatsOf(await embedPicture(classifier, frame))];
    frame.release();
    rows.push({ path: `file:/album/${name}`, label: labelOf(name), model: classifier.card.sha256!, embedding });
  }
  await classifier.close();
  return rows;
}

const photos = ['cat.jpg', 'cup.jpg', 'motorcycle.jpg', 'wall.jpg'];
const labelOf = (name: string) => (name === 'wall.jpg' ? 'nothing' : `our ${name.split('.')[0]}`);

describe('ocellus teach --table', () => {
  it('learns what a folder of the same pictures teaches, to the bit; where it is imported, the head is the same byte for byte', async () => {
    const folder = temporaryFolder();
    const [album, table] = [join(folder, 'album'), join(folder, 'table')];
    for (const name of photos) {
      mkdirSync(join(album, labelOf(name)), { recursive: true });
      copyFileSync(photo(name), join(album, labelOf(name), name));
    }
    const [board, store, other, file] = ['board', 'store', 'other', 'things.safetensors'].map((name) =>
      join(folder, name),
    );
    expect((await ocellus(['teach', '--store', board!, '--each', album])).code).toBe(0);

    // In two files, in another order, one row without an embedding; and what Spark puts beside them.
    const rows = (await embedded(photos, labelOf)).reverse();
    const unread: Row = { path: 'file:/album/broken.jpg', label: 'our cat', model: rows[0]!.model, embedding: null };
    mkdirSync(table);
    const unlabelled = { ...rows[0]!, path: 'file:/album/new.jpg', label: null };
    writeFileSync(join(table, 'part-1.parquet'), parquetOf([rows[0]!, unread, rows[1]!, unlabelled]));
    writeFileSync(join(table, 'part-0.parquet'), parquetOf(rows.slice(2)));
    writeFileSync(join(table, '_SUCCESS'), '');
    const taught = await ocellus(['teach', '--store', store!, '--table', table, '--json']);
    expect([taught.code, taught.err]).toEqual([
      0,
      'note 1 rows have no embedding, and are left out\nnote 1 rows have no label, and are left out\n',
    ]);
    const lines = jsonLines(taught.out) as { file?: string }[];
    expect(lines.slice(0, -1).map((line) => line.file)).toEqual([
      ...['wall.jpg', 'cat.jpg', 'cup.jpg', 'motorcycle.jpg'].map((name) => `file:/album/${name}`),
    ]);
    const head = await headOf(store!);
    expect(head.learned).toEqual((await headOf(board!)).learned);

    await ocellus(['learn', 'export', '--store', store!, file!]);
    expect((await ocellus(['learn', 'import', '--store', other!, file!])).code).toBe(0);
    expect(await headOf(other!)).toEqual(head);
  });

  it('refuses other tables in one line, and makes no store of them', async () => {
    const folder = temporaryFolder();
    const good: Row = { path: 'a.jpg', label: 'cat', model: 'f'.repeat(64), embedding: [1, 2] };
    const put = (name: string, bytes: Uint8Array | string) => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    mkdirSync(join(folder, 'none'));
    mkdirSync(join(folder, 'partitioned', 'label=cat'), { recursive: true });
    const cases: [string, RegExp][] = [
      [put('text.parquet', 'no Parquet at all'), /text\.parquet: cannot be read as Parquet of labels and embeddings: /],
      [put('a.parquet', parquetOf([good], 'label')), /a\.parquet: .*: expected a column label, got path, model, emb/],
      [
        put(
          'b.parquet',
          parquetOf([
            { ...good, label: null },
            { ...good, embedding: null },
          ]),
        ),
        /b\.parquet: expected rows with a label and an embedding, found none; 1 have no embedding, 1 others no label/,
      ],
      [put('empty.parquet', parquetOf([])), /empty\.parquet: expected rows with a label and an embedding, found none/],
      [
        put('many.parquet', parquetOf(Array.from({ length: 1001 }, (_, i) => ({ ...good, label: `label ${i}` })))),
        /label: expected at most 1000 different ones, got 1001/,
      ],
      [
        put('int64.parquet', columnsOf({ label: [3n], embedding: [1] })),
        /label: expected a text, got 3, a whole number/,
      ],
      [
        put('int32.parquet', columnsOf({ label: [3], embedding: [1] })),
        /label: expected a text, got 3, a number; write/,
      ],
      [
        put('whole.parquet', columnsOf({ label: ['cat'], embedding: [7n] })),
        /embedding: expected a list of floats, got 7, a whole number, as number 1 of it/,
      ],
      [put('nested.parquet', nested()), /expected a column label and one embedding, got row/],
      [
        put('c.parquet', parquetOf([good])),
        /a\.jpg: model: expected [0-9a-f]{64}, the embedding network of the store, got f{64}/,
      ],
      [join(folder, 'none'), /none: expected Parquet files in it \(\.parquet\), found none/],
      [join(folder, 'partitioned'), /expected a table in one folder, got one in partitions \(label=cat\)/],
      [join(folder, 'nowhere'), /nowhere: expected a Parquet file or a folder of them; ENOENT/],
    ];
    for (const [path, message] of cases) {
      const { code, out, err } = await ocellus(['teach', '--store', join(folder, 'store'), '--table', path]);
      expect([code, out, err.trimEnd().split('\n').length]).toEqual([2, '', 1]);
      expect(err).toMatch(message);
      expect(existsSync(join(folder, 'store'))).toBe(false);
    }
    const both = await ocellus(['teach', '--store', join(folder, 'store'), '--table', '--label', 'cat', 'x.parquet']);
    expect([both.code, both.err]).toEqual([2, expect.stringContaining("cannot be used with option '--label")]);
  });
});
