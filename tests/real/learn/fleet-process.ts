// A board in a process of its own, for a test to stop and to kill: it is told what to do on stdin, a JSON line each, and
// answers each on stdout once it is done and on disk.
import { createInterface } from 'node:readline';
import { digestOfPart } from '../../../sdk/hub/extensions/fleet/shared-part.ts';
import { defaultTrainers, trainHead } from '../../../sdk/learn/heads/head.ts';
import { TrainingData } from '../../../sdk/learn/heads/training-set.ts';
import type { CutTarget } from '../../../sdk/learn/ledger/example.ts';
import { Board } from '../../hub/extensions/fleet/board.ts';

/** What the test may ask. */
export type Order =
  | { do: 'teach'; label: string; head: string; negative: boolean; values: number[]; scale: number }
  | { do: 'relabel'; example: string; label: string; negative: boolean }
  | { do: 'forget'; target: CutTarget }
  | { do: 'withdraw'; cut: string }
  | { do: 'accept' }
  | { do: 'state' };

/** What a board says of itself. */
export interface State {
  /** Of each part of its ledger. */
  parts: Record<string, string>;
  /** Examples, those that were cut too. */
  ids: string[];
  cuts: string[];
  /** Trained anew from nothing but the ledger, in hexadecimal digits. */
  trained: Record<string, string>;
  /** In use. */
  heads: Record<string, string>;
  refused: string[];
  rejected: number;
  connections: number;
}

const { FLEET_NODE, FLEET_BROKER, FLEET_DATA } = process.env;
const board = await new Board(FLEET_NODE!, FLEET_BROKER!, { folder: FLEET_DATA! }).start();

function stateOf(): State {
  const { learner, hub } = board;
  const { ledger } = learner;
  const parts = ledger.parts();
  const hex = (head: { serialise(): Buffer } | undefined) => head?.serialise().toString('hex') ?? 'none';
  const heads = ledger.heads();
  return {
    parts: Object.fromEntries(
      parts.map((part) => [JSON.stringify({ ...part, seen: 0, items: 0 }), digestOfPart(part, ledger)]),
    ),
    ids: parts.flatMap((part) => ('label' in part ? [...part.items.keys()] : [])),
    cuts: ledger.cuts().flatMap(({ id, node }) => (node === board.name ? [id] : [])),
    trained: Object.fromEntries(
      heads.map((name) => {
        const set = new TrainingData().update(ledger.examples(name));
        return [name, hex(trainHead(name, set, defaultTrainers()))];
      }),
    ),
    heads: Object.fromEntries(heads.map((name) => [name, hex(learner.head(name)?.current?.head)])),
    refused: heads.filter((name) => learner.summary(name).refused !== undefined),
    rejected: hub.stats.rejectedLearning,
    connections: hub.stats.connections,
  };
}

async function obey(order: Order): Promise<unknown> {
  const { learner } = board;
  switch (order.do) {
    case 'teach': {
      const { label, head, negative, values, scale } = order;
      const embedding = { values: Int8Array.from(values), scale };
      const draft = { label, head, negative, embedding, camera: 'door', kind: 'track' } as const;
      return (await learner.teach([{ draft }])).examples[0]!.id;
    }
    case 'relabel':
      return (await learner.relabel(order.example, order)).examples[0]!.id;
    case 'forget':
      return learner.forget(order.target, 'a test');
    case 'withdraw':
      return learner.withdraw(order.cut);
    case 'accept':
      for (const head of stateOf().refused) await learner.train(head, true);
      return undefined;
    case 'state':
      return stateOf();
  }
}

process.stdout.write('"ready"\n');
for await (const line of createInterface({ input: process.stdin })) {
  const answer = await obey(JSON.parse(line) as Order).then(
    (result) => ({ result }),
    (error: Error) => ({ error: error.message }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
