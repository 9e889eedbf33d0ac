import type { TaughtHead } from '../../../protocol.ts';
import { accept, rollback } from '../api.ts';
import { percent } from '../format.ts';
import { useChange } from '../teach/use-change.ts';
import { titleOf } from '../teach/words.ts';
import { LabelRow } from './label-row.tsx';

/** What one head knows, how well, and its versions. */
export function HeadCard({ head }: { head: TaughtHead }) {
  const { name, objects, labels, version, kind, accuracy, false_accept, refused, confusions } = head;
  const change = useChange();
  const title = titleOf(head);
  return (
    <section class="card panel head-card" aria-label={title}>
      <div class="panel-head">
        <h2>
          {title}
          {!objects && <span class="head-kind">state of a view</span>}
        </h2>
        <VersionChoice
          head={head}
          busy={change.busy}
          onChoose={(wanted) => change.run(`${title} is back`, () => rollback(name, wanted))}
        />
      </div>
      {change.error !== undefined && (
        <p class="field-error" role="alert">
          {change.error}
        </p>
      )}
      <ul class="head-facts">
        {version !== null && (
          <li>
            <strong>{accuracy === null ? 'too few' : percent(accuracy)}</strong>
            <span class="muted">{accuracy === null ? 'to tell how good it is' : 'right when left out'}</span>
          </li>
        )}
        {false_accept !== null && (
          <li>
            <strong>{percent(false_accept)}</strong>
            <span class="muted">of negatives given a label</span>
          </li>
        )}
        {kind !== null && (
          <li>
            <strong>{kind}</strong>
            <span class="muted">kind of head</span>
          </li>
        )}
      </ul>
      {refused !== null && (
        <div class="refusal">
          <p>
            <strong>The newest examples are not in use.</strong> {refused}.
          </p>
          <button
            type="button"
            class="button"
            disabled={change.busy}
            onClick={() => change.run('Taken', () => accept(name))}
          >
            Use them anyway
          </button>
        </div>
      )}
      <ul class="label-rows">
        {labels.map((taught) => (
          <LabelRow key={taught.label} head={head} taught={taught} />
        ))}
      </ul>
      {confusions.length > 0 && (
        <table class="confusions">
          <caption>Confusions when left out</caption>
          <thead>
            <tr>
              <th scope="col">It is</th>
              <th scope="col">taken for</th>
              <th scope="col">times</th>
            </tr>
          </thead>
          <tbody>
            {confusions.map(({ label, named, count }) => (
              <tr key={`${label}/${named}`}>
                <td>{label}</td>
                <td>{named}</td>
                <td>{count}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function VersionChoice({ head, busy, onChoose }: { head: TaughtHead; busy: boolean; onChoose(version: number): void }) {
  const { version, versions } = head;
  if (version === null) return <span class="muted">not in use</span>;
  if (versions.length < 2) return <span class="muted">version {version}</span>;
  return (
    <select
      class="version"
      aria-label={`Version of ${titleOf(head)}`}
      disabled={busy}
      value={version}
      onChange={(event) => {
        const wanted = Number(event.currentTarget.value);
        // It moves once the version has changed.
        event.currentTarget.value = String(version);
        onChoose(wanted);
      }}
    >
      {versions.toReversed().map((one) => (
        <option key={one} value={one}>
          {one === version ? `Version ${one}` : `Back to version ${one}`}
        </option>
      ))}
    </select>
  );
}
