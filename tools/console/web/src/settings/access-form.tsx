import { useState } from 'preact/hooks';
import type { BoardState } from '../../../protocol.ts';
import { setAccess } from '../api.ts';
import { saveBoard } from '../save/save-board.ts';

const leastLetters = 8;

/** The page's password, and whether other machines reach it. Only from the board itself. */
export function AccessForm({ board }: { board: BoardState }) {
  const [password, setPassword] = useState('');
  const [network, setNetwork] = useState(board.network);
  const [said, setSaid] = useState<{ error?: string; done?: string }>({});
  const isHere = ['127.0.0.1', 'localhost', '[::1]'].includes(location.hostname);
  if (!isHere) {
    return (
      <p class="muted">
        The password, and whether other machines reach the page, are set on the board itself: at{' '}
        <code>http://127.0.0.1:{location.port || 80}</code> in a browser there.
      </p>
    );
  }
  const problem =
    password !== '' && password.length < leastLetters
      ? `Expected at least ${leastLetters} characters, got ${password.length}.`
      : network && !board.password && password === ''
        ? 'Other machines need a password: choose one.'
        : said.error;
  const isChanged = password !== '' || network !== board.network;
  const save = async (change: Parameters<typeof setAccess>[0]) => {
    try {
      await saveBoard((run) => setAccess(change, run));
      setPassword('');
      setSaid({ done: 'Saved. The page opens again in a moment; log in with the new password if there is one.' });
    } catch (reason) {
      setSaid({ error: (reason as Error).message });
    }
  };
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (problem !== undefined && problem !== said.error) return;
        void save({ ...(password !== '' && { password }), ...(network !== board.network && { network }) });
      }}
    >
      <input type="text" autocomplete="username" value="ocellus" readOnly hidden />
      <div class="field">
        <label class="field-name" for="new-password">
          {board.password ? 'New password' : 'Password'}
        </label>
        <input
          id="new-password"
          type="password"
          autocomplete="new-password"
          maxLength={256}
          value={password}
          placeholder={board.password ? 'unchanged' : 'none yet'}
          aria-invalid={problem !== undefined}
          aria-describedby="access-help"
          onInput={(event) => {
            setSaid({});
            setPassword(event.currentTarget.value);
          }}
        />
      </div>
      <label class="field switch">
        <span class="switch-text">
          <span class="field-name">Other machines reach this page</span>
          <span class="field-help">Off: only this board, at 127.0.0.1.</span>
        </span>
        <input
          type="checkbox"
          role="switch"
          aria-label="Other machines reach this page"
          aria-checked={network}
          checked={network}
          onChange={(event) => {
            setSaid({});
            setNetwork(event.currentTarget.checked);
          }}
        />
      </label>
      <div id="access-help">
        {problem && (
          <p class="field-error" role="alert">
            {problem}
          </p>
        )}
        {said.done && <p role="status">{said.done}</p>}
      </div>
      <div class="form-end">
        <button type="submit" class="button is-main" disabled={!isChanged}>
          Save
        </button>
        {board.password && !board.network && (
          <button type="button" class="button is-danger" onClick={() => save({ password: null })}>
            Ask for no password
          </button>
        )}
      </div>
    </form>
  );
}
