import type { AsideState } from '../../../protocol.ts';
import { settle } from '../api.ts';
import { Icon } from '../parts/icons.tsx';
import type { Change } from './use-change.ts';

/** Asks what a lesson is that contradicts earlier ones. */
export function AsideQuestion({ aside, change, onDone }: { aside: AsideState; change: Change; onDone(): void }) {
  const { id, label, negative, taken_for, because, picture, against } = aside;
  const [now, before] = [meaningOf({ label, negative }), meaningOf(taken_for)];
  const answer = (what: string, how: Parameters<typeof settle>[1]) => change.run(what, () => settle(id, how), onDone);
  const it = { label, negative };
  return (
    <div class="refusal question" role="alert">
      <p>
        <strong>Is it really {now}?</strong>{' '}
        {because === 'contradiction'
          ? `Something that looks like it was taught as ${before}. `
          : `With it, ${against.length > 1 ? 'others' : 'another one'} would no longer be known, such as ${before}. `}
        It is not in use yet.
      </p>
      <div class="compared">
        <Compared of={[picture]} name={`now: ${now}`} />
        <Compared of={against.map((one) => one.picture)} name={`earlier: ${before}`} />
      </div>
      <div class="answers">
        <button type="button" class="button" disabled={change.busy} onClick={() => answer(`Taught: ${now}`, it)}>
          It is {now}
        </button>
        <button
          type="button"
          class="button"
          disabled={change.busy}
          onClick={() => answer(`Taught: ${before}`, { ...taken_for })}
        >
          It is {before}
        </button>
        <button
          type="button"
          class="button"
          disabled={change.busy}
          onClick={() => answer(`Taught: ${now}; what was wrong is forgotten`, { ...it, replace: true })}
        >
          The earlier one was wrong
        </button>
        <button type="button" class="button" disabled={change.busy} onClick={() => answer('Forgotten', {})}>
          Forget it
        </button>
      </div>
    </div>
  );
}

const meaningOf = ({ label, negative }: { label: string; negative: boolean }) => (negative ? `not ${label}` : label);

function Compared({ of, name }: { of: readonly (string | null)[]; name: string }) {
  const shown = of.filter((one) => one !== null);
  return (
    <figure>
      <span class="looks">
        {shown.length > 0 ? shown.map((url) => <img key={url} src={url} alt={name} />) : <Icon name="picture" />}
      </span>
      <figcaption>{name}</figcaption>
    </figure>
  );
}
