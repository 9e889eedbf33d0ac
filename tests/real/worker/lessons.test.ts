import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readLessonTable } from '../../../tools/cli/lesson-table.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasPython, preparePython, runPython } from '../python.ts';

describe.skipIf(!hasPython)('tables of lessons (needs python3 with venv)', () => {
  beforeAll(preparePython, 3_600_000);

  it('are read alike in each compression that pyarrow and DuckDB write', async () => {
    const folder = temporaryFolder();
    // More rows than a page of embeddings has, so that compression has something to repeat.
    const rows = Array.from({ length: 300 }, (_, i) => i);
    const names = runPython<string[]>('worker/lessons.py', {
      folder,
      paths: rows.map((i) => `file:/album/${String(i).padStart(3, '0')}.jpg`),
      labels: rows.map((i) => `thing ${i % 3}`),
      models: rows.map(() => '0'.repeat(64)),
      embeddings: rows.map((i) => Array.from({ length: 1280 }, (_, k) => Math.fround(Math.sin(i * k) + (k % 7)))),
    });
    expect(names).toHaveLength(9);
    const [first, ...others] = await Promise.all(names.map((name) => readLessonTable([join(folder, name)])));
    expect(first!.rows).toHaveLength(300);
    expect(first!.rows[299]).toMatchObject({ label: 'thing 2', file: 'file:/album/299.jpg' });
    for (const [i, other] of others.entries()) {
      expect({ name: names[i + 1], ...other }).toEqual({ name: names[i + 1], ...first });
    }
  });
});
