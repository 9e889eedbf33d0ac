import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleHash, readBundle, writeBundle } from '../../../sdk/learn/ledger/bundle.ts';
import { Identity } from '../../../sdk/learn/ledger/identity.ts';
import { readSafeTensors } from '../../../sdk/learn/ledger/safetensors.ts';
import { draft, embeddings, makeLedger } from '../../learn/fakes.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasPython, preparePython, runPython } from '../python.ts';

interface Theirs {
  metadata: Record<string, string>;
  tensors: Record<string, { dtype: string; shape: number[]; values: number[] }>;
  file: string;
}

describe.skipIf(!hasPython)('bundles and the safetensors package of Python (needs python3-venv)', () => {
  beforeAll(preparePython, 3_600_000);

  it('read each other, and a signature holds', () => {
    const folder = temporaryFolder();
    const sample = embeddings(2, 8);
    const ledger = makeLedger('porch');
    for (const label of ['my cat', 'Müllers Ente', 'my cat']) ledger.teach(draft(label, sample(0)));
    ledger.forget({ node: 'shed' });
    const identity = Identity.open(join(folder, 'key.pem'));
    const bytes = writeBundle({ space: 'test', dimension: 8, node: 'porch', parts: ledger.parts() }, identity);

    const theirs = runPython<Theirs>('learn/read_bundle.py', {
      scratch: join(folder, 'bundle.safetensors'),
      file: bytes.toString('base64'),
    });
    const ours = readSafeTensors(bytes);
    expect(theirs.metadata).toEqual({ ...ours.metadata });
    expect(Object.keys(theirs.tensors).sort()).toEqual(['embeddings', 'scales']);
    for (const [name, { dtype, shape, values }] of Object.entries(theirs.tensors)) {
      expect(dtype).toBe(name === 'scales' ? 'float64' : 'int8');
      expect(shape).toEqual(ours.tensors[name]!.shape);
      expect(values).toEqual([...ours.tensors[name]!.data]);
    }

    const check = { space: 'test', dimension: 8, trusted: [identity.publicKey] };
    const read = readBundle(Buffer.from(theirs.file, 'base64'), check);
    expect(read.parts).toEqual(readBundle(bytes, check).parts);
    expect(bundleHash(writeBundle(read, identity))).toBe(bundleHash(bytes));
  });
});
