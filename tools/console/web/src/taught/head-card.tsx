import type { TaughtHead } from '../../../protocol.ts';
import { accept, rollback } from '../api.ts';
import { useChange } from '../teach/use-change.ts';
import { rightly, titleOf } from '../teach/words.ts';
import { LabelRow } from './label-row.tsx';

/** What objects, or a state of a view, were taught as, how well they are named, and earlier versions. */
export function HeadCard({ head }: { head: TaughtHead }) {
  const { name, objects, labels, version, named, refused, confusions } = head;
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
      {version !== null && (
        <p class="head-facts">
          {named === null ? (
            <span class="muted">Too few examples to tell how good it is: teach two or more of each.</span>
          ) : (
            <>
              <strong>{rightly(named)}</strong>
              <meter min={0} max={named.of} value={named.right} aria-label={`${title}: named rightly`} />
              <span class="muted">Each example is named by the others.</span>
            </>
          )}
        </p>
      )}
      {refused !== null && (
        <div class="refusal">
          <p>
            <strong>The newest examples are not in use.</strong> With them fewer things would be named rightly, or
            somebody went back to an earlier version.
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
          <caption>What is taken for something else</caption>
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
