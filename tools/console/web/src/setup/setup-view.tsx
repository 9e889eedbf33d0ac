import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { fetchSetup, setUp } from '../api.ts';
import { settingsOf } from './settings.ts';

/** The board stops asking and starts its cameras; the live page is then at the same address. */
const lookEveryMs = 1000;

/** Asks for the settings of a board that has none. */
export function SetupView() {
  const [errors, setErrors] = useState<string[]>([]);
  const [error, setError] = useState<string>();
  const [stage, setStage] = useState<'asking' | 'sending' | 'starting'>('asking');
  const [ownBroker, setOwnBroker] = useState(false);
  useLayoutEffect(() => document.getElementById('code')?.focus(), []);
  useEffect(() => {
    fetchSetup().then(
      ({ setup_errors }) => setErrors(setup_errors),
      (reason: Error) => setError(reason.message),
    );
  }, []);
  useEffect(() => {
    if (stage !== 'starting') return;
    const timer = setInterval(() => void liveAgain().then((is) => is && location.replace('/')), lookEveryMs);
    return () => clearInterval(timer);
  }, [stage]);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(data.get(name) ?? '').trim();
    // Spaces may be part of a password.
    const password = (name: string) => String(data.get(name) ?? '');
    setStage('sending');
    try {
      const fields = { node: text('node'), source: text('source'), username: text('username'), ca: text('ca') };
      const form = { ...fields, broker: text('broker'), brokerPassword: password('broker-password') };
      await setUp(text('code'), settingsOf({ ...form, password: password('password') }));
      setError(undefined);
      setStage('starting');
    } catch (reason) {
      setError((reason as Error).message);
      setStage('asking');
    }
  };
  if (stage === 'starting') {
    return (
      <main>
        <div class="card panel form login" role="status">
          <h1>Ocellus starts</h1>
          <p>
            The settings were taken. The live page opens by itself; log in there with the password that you just set.
          </p>
        </div>
      </main>
    );
  }
  return (
    <main>
      <form class="card panel form login" onSubmit={submit}>
        <h1>Set up Ocellus</h1>
        {errors.map((line) => (
          <p class="field-error" key={line}>
            {line}
          </p>
        ))}
        {error && (
          <p class="field-error" role="alert">
            {error}
          </p>
        )}
        <Field
          {...{ id: 'code', name: 'Code', autocapitalize: 'characters', maxLength: 64, required: true }}
          help="On the board’s screen, and in ocellus-setup.txt on its card."
        />
        <input type="text" autocomplete="username" value="ocellus" readOnly hidden />
        <Field
          {...{ id: 'password', name: 'New password of this page', type: 'password', required: true }}
          {...{ autocomplete: 'new-password', minLength: 8, maxLength: 256 }}
          help="At least 8 characters."
        />
        <Field
          {...{ id: 'node', name: 'Name of the board', placeholder: 'ocellus', pattern: '[a-z0-9][a-z0-9_\\-]{0,31}' }}
          help="Lower-case letters, digits, _ and -. It is part of each topic of MQTT."
        />
        <Field
          {...{ id: 'source', name: 'Camera', placeholder: 'auto:' }}
          help="auto: finds one of this board. Or rtsp://user:password@host/path, v4l2:/dev/video0, scene: for a trial."
        />
        <div class="field">
          <label class="field-name" for="mqtt">
            MQTT
          </label>
          <select id="mqtt" onChange={(event) => setOwnBroker(event.currentTarget.value === 'own')}>
            <option value="embedded">The broker in this board, for itself</option>
            <option value="own">My own broker, such as Home Assistant’s</option>
          </select>
        </div>
        {ownBroker && (
          <>
            <Field
              {...{ id: 'broker', name: 'Address of the broker', required: true }}
              placeholder="mqtt://homeassistant.local:1883"
            />
            <Field id="username" name="User" />
            <Field id="broker-password" name="Password or token" type="password" />
            <div class="field">
              <label class="field-name" for="ca">
                Certificate of its CA
              </label>
              <textarea id="ca" name="ca" rows={3} spellcheck={false} aria-describedby="ca-help" />
              <span class="field-help" id="ca-help">
                Only for mqtts:// with a CA of your own: the text from -----BEGIN CERTIFICATE----- on.
              </span>
            </div>
          </>
        )}
        <button type="submit" class="button is-main" disabled={stage === 'sending'}>
          {stage === 'sending' ? 'Checking …' : 'Start'}
        </button>
        <p class="field-help">All else is set on the live page, or in ocellus.toml on the card.</p>
      </form>
    </main>
  );
}

interface FieldProps {
  /** The field's name in the form. */
  id: string;
  /** What people read. */
  name: string;
  help?: string;
  /** Default: `text`. */
  type?: 'text' | 'password';
  placeholder?: string;
  pattern?: string;
  autocomplete?: string;
  autocapitalize?: 'characters';
  minLength?: number;
  maxLength?: number;
  required?: boolean;
}

function Field({ id, name, help, type = 'text', ...input }: FieldProps) {
  const helpId = help && `${id}-help`;
  const fields = { autocomplete: 'off', ...input, id, name: id, 'aria-describedby': helpId };
  return (
    <div class="field">
      <label class="field-name" for={id}>
        {name}
      </label>
      {type === 'password' ? <input type="password" {...fields} /> : <input type="text" {...fields} />}
      {help && (
        <span class="field-help" id={helpId}>
          {help}
        </span>
      )}
    </div>
  );
}

/** Whether the live page answers in the place of this one. */
async function liveAgain(): Promise<boolean> {
  return fetch('/healthz').then(
    ({ status }) => status !== 404,
    () => false,
  );
}
