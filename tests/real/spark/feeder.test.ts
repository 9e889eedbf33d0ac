import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/folders.ts';
import { hasPython, preparePython, pythonOfTests, runPython } from '../python.ts';
import { buildWheel } from './wheel.ts';

describe.skipIf(!hasPython)('ocellus-spark without Spark (needs python3 with venv)', () => {
  beforeAll(preparePython, 3_600_000);

  it('builds as a wheel, which feeds a worker while it reads, and tells how one ended', async () => {
    const folder = temporaryFolder();
    const wheel = await buildWheel(pythonOfTests(), folder);
    expect(basename(wheel)).toMatch(/^ocellus_spark-[\d.]+-py3-none-any\.whl$/);
    const told = runPython<Record<string, unknown>>('spark/feeder.py', { wheel, pid_file: join(folder, 'pid') });
    expect(told).toEqual({
      tables: {
        large_string: ['0-0', '0-1', null],
        dictionary: ['0-0', '0-1', null],
        batch: 3,
        empty: [0, true],
        no_batch: [0, true],
      },
      beside: [['path', 'content', 'first', 'a.b'], Array(11).fill(true)],
      large: ['None', true],
      with_rows: [null, [2, 1]],
      much: { rows: 800, ordered: true },
      paths: { rows: 9, ordered: true },
      changed: { error: expect.stringMatching(/^KeyError.*content/) },
      nothing: { rows: 0, ordered: true },
      failed: {
        worker_error: 'the worker ended with 1; 9 rows came back of 9 that were sent. Its last words: it is broken',
      },
      crashed: { worker_error: expect.stringMatching(/^the worker ended with 7; 0 rows .* a{1000,2000}the end$/) },
      silent: { worker_error: expect.stringMatching(/^the worker ended with 0; 6 rows came back of 9 that were sent/) },
      torn: { error: "ValueError('the source is torn')" },
      absent: { worker_error: expect.stringMatching(/^no-such-program cannot be started here: /) },
      left_early: true,
      left_open: 0,
    });
  });
});
