import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { answerArrow } from '../../../tools/worker/arrow.ts';
import { photo } from '../../cli/cli.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { rowsOf } from '../../worker/arrow-streams.ts';
import { fakeTask, sink } from '../../worker/fakes.ts';
import { hasPython, preparePython, runPython } from '../python.ts';

describe.skipIf(!hasPython)('Arrow streams of pyarrow (needs python3 with venv)', () => {
  beforeAll(preparePython, 3_600_000);

  it('are answered alike, whatever the layout of their columns', async () => {
    const folder = temporaryFolder();
    const names = runPython<string[]>('worker/arrow.py', { folder, picture: photo('cat.jpg') });
    expect(names).toHaveLength(15);
    for (const name of names) {
      const out = sink();
      await answerArrow(createReadStream(join(folder, name)), out.write, fakeTask);
      const rows = rowsOf(out.taken()).map(({ path, width, error }) => ({ path, width, error }));
      const text = {
        path: 'a picture with a longer name.jpg',
        width: null,
        error: expect.stringMatching(/expected JPEG/),
      };
      const none = { path: null, width: null, error: 'expected the bytes of a picture, got none' };
      expect({ name, rows }).toEqual({
        name,
        rows: [{ path: 'a.jpg', width: 451, error: null }, text, none, text, none],
      });
    }
    const runEnds = answerArrow(createReadStream(join(folder, 'run ends')), sink().write, fakeTask);
    await expect(runEnds).rejects.toThrow(
      'stdin: expected columns of types that can be read here, got one of RunEndEncoded; leave it out',
    );
    for (const codec of ['lz4', 'zstd']) {
      const compressed = answerArrow(createReadStream(join(folder, codec)), sink().write, fakeTask);
      await expect(compressed).rejects.toThrow('stdin: expected an Arrow IPC stream without compression, got one with');
    }
  });
});
