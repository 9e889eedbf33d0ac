import type { BoardAnswer } from '../../../protocol.ts';
import { store } from '../store.ts';

/** What this page changed last: the state that it saw, and the one that came of it, which may be on its way. */
let own: { seen: string; run: string } | undefined;
let turn: Promise<unknown> = Promise.resolve();

/**
 * Changes the board, after what is being changed from here: of several changes in a row each one knows the one before.
 *
 * @param change Sends it. @param run Of the state that was seen.
 * @throws What `change` throws: others have changed the board since, or the reason why it cannot be.
 */
export function saveBoard(change: (run: string) => Promise<BoardAnswer>): Promise<void> {
  const seen = store.state.console?.run ?? '';
  const mine = turn
    .catch(() => {})
    .then(async () => {
      const { run } = await change(own?.seen === seen ? own.run : seen);
      own = { seen, run };
    });
  turn = mine;
  return mine;
}
