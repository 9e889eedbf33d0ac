import { createHash } from 'node:crypto';
import { readSafeTensors } from '../../sdk/learn/ledger/safetensors.ts';
import { openLearner } from '../../tools/cli/learner.ts';

/**
 * The head of objects that is in use in a store: the digest of its bytes; and all of them but the names of the examples, which
 * each store gives anew: what it learned of the same pictures.
 */
export async function headOf(store: string): Promise<{ hash: string; learned: unknown }> {
  const { learner } = await openLearner(store, undefined);
  try {
    const { head } = learner.head('object')!.current!;
    const { metadata, tensors } = readSafeTensors(head.serialise());
    const { ledgerHash, ...info } = JSON.parse(metadata.info!) as Record<string, unknown>;
    const { verdicts, ...state } = JSON.parse(metadata.state!) as { verdicts: unknown[][] };
    const digests = Object.entries(tensors).map(([name, { shape, data }]) => {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      return [name, shape, createHash('sha256').update(bytes).digest('hex')];
    });
    return { hash: head.hash(), learned: { info, state, verdicts: verdicts.map(([, ...one]) => one), digests } };
  } finally {
    await learner.close();
  }
}
