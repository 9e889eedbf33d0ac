import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Detections } from '../../../sdk/vision/detections.ts';
import { parquetOf } from '../../../tools/worker/parquet.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasPython, preparePython, runPython } from '../python.ts';

describe.skipIf(!hasPython)('Parquet files (needs python3 with venv)', () => {
  beforeAll(preparePython, 3_600_000);

  it('are read by DuckDB and pyarrow, with nested lists, empty ones and none', () => {
    const model = '0'.repeat(64);
    const labels = ['cat', 'é'];
    const two = Detections.from(
      [
        { box: [1, 2, 3.5, 4], score: 0.75, classId: 0 },
        { box: [0, 0, 9, 9], score: 0.5, classId: 1 },
      ],
      labels,
    );
    const file = join(temporaryFolder(), 'part.parquet');
    const good = { model, width: 640, height: 480 };
    writeFileSync(
      file,
      parquetOf([
        { ...good, path: 'a é.jpg', detections: two },
        { ...good, path: 'b.jpg', detections: Detections.empty(labels) },
        { path: 'c.jpg', model, error: 'it is empty' },
      ]),
    );
    expect(runPython('worker/parquet.py', file)).toEqual({
      rows: [
        {
          ...good,
          path: 'a é.jpg',
          detections: [
            { label: 'cat', score: 0.75, box: [1, 2, 3.5, 4] },
            { label: 'é', score: 0.5, box: [0, 0, 9, 9] },
          ],
          error: null,
        },
        { ...good, path: 'b.jpg', detections: [], error: null },
        { path: 'c.jpg', model, width: null, height: null, detections: null, error: 'it is empty' },
      ],
      types: {
        ...{ path: 'VARCHAR', model: 'VARCHAR', width: 'INTEGER', height: 'INTEGER', error: 'VARCHAR' },
        detections: 'STRUCT("label" VARCHAR, score FLOAT, box FLOAT[])[]',
      },
      same: true,
    });
  });
});
