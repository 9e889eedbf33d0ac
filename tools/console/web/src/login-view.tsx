import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { logIn } from './api.ts';
import { connection } from './connection.ts';

/** Asks for the password, instead of everything else. */
export function LoginView() {
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  // Before it is seen: who types at once loses no character.
  useLayoutEffect(() => field.current?.focus(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await logIn(field.current!.value);
      await connection.begin();
    } catch (reason) {
      setError((reason as Error).message);
      setBusy(false);
      field.current?.select();
    }
  };
  return (
    <form class="card panel form login" onSubmit={submit}>
      <h1>Log in</h1>
      {error && (
        <p class="field-error" role="alert">
          {error}
        </p>
      )}
      {/* The user name under which a password manager stores the password. */}
      <input type="text" autocomplete="username" value="ocellus" readOnly hidden />
      <label class="field">
        <span class="field-name">Password</span>
        <input ref={field} type="password" name="password" autocomplete="current-password" required maxLength={256} />
      </label>
      <button type="submit" class="button is-main" disabled={busy}>
        {busy ? 'Checking …' : 'Log in'}
      </button>
      <p class="field-help">
        Forgotten? On the board, write a new one into <code>console.password</code> in <code>ocellus.yaml</code> and
        start Ocellus again.
      </p>
    </form>
  );
}
