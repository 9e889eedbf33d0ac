import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { ApiError, logIn } from './api.ts';
import { connection } from './connection.ts';

/** Asks for the password, instead of everything else. */
export function LoginView() {
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  /** Seconds until another try. */
  const [wait, setWait] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  // Before it is seen: who types at once loses no character.
  useLayoutEffect(() => field.current?.focus(), []);
  useEffect(() => {
    if (wait === 0) return;
    const timer = setTimeout(() => setWait(wait - 1), 1000);
    return () => clearTimeout(timer);
  }, [wait]);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (wait > 0) return;
    setBusy(true);
    try {
      await logIn(field.current!.value);
      await connection.begin();
    } catch (reason) {
      const { status, retryAfter = 0 } = reason as Partial<ApiError>;
      setWait(reason instanceof ApiError ? retryAfter : 0);
      setError(status === 429 ? 'Too many wrong passwords.' : (reason as Error).message);
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
      <button type="submit" class="button is-main" disabled={busy || wait > 0}>
        {wait > 0 ? `Wait ${wait} s` : busy ? 'Checking …' : 'Log in'}
      </button>
      <p class="field-help">
        Forgotten? Whoever set up the board can write a new one into its settings file and start Ocellus again.
      </p>
    </form>
  );
}
