import type { ComponentChildren } from 'preact';
import { reload } from '../api.ts';
import { nameOfSetting } from '../plain.ts';
import { useStore } from '../store.ts';
import { attempt } from './attempt.ts';
import { Icon } from './icons.tsx';

/** Warns that what is shown is out of date, of settings that could not be read from the card, and of those that others changed in the file. */
export function Banner() {
  const lost = useStore((state) => state.connection === 'lost');
  const errors = useStore((state) => state.console?.setup_errors.join('\n') ?? '');
  const file = useStore((state) => state.console?.board?.file);
  if (lost) {
    return (
      <Warning title="Connection lost.">
        What you see is out of date. Trying again … If this persists, check that Ocellus is still running.
      </Warning>
    );
  }
  return (
    <>
      {errors !== '' && <Warning title="Not all on the card could be read.">{errors}</Warning>}
      {file && file.trouble !== null && (
        <Warning title={`${file.name} was changed and cannot be used.`}>
          What was there before goes on. {file.trouble}
        </Warning>
      )}
      {file && file.unwritten !== null && (
        <Warning title="Your changes are in use, but not saved.">
          A restart loses them until this works; it is tried again by itself. {file.unwritten}
        </Warning>
      )}
      {file && file.trouble === null && file.waits.length > 0 && (
        <div class="banner" role="status">
          <Icon name="alert" />
          <span>
            <strong>{file.name} was changed:</strong> {file.waits.map(nameOfSetting).join(', ')}. Used from the next
            start.
          </span>
          {file.waits.some((path) => !path.startsWith('console.')) && (
            <button
              type="button"
              class="button"
              onClick={() =>
                attempt(async () => {
                  await reload();
                  return 'It is used now.';
                })
              }
            >
              Use it now
            </button>
          )}
        </div>
      )}
    </>
  );
}

function Warning({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="banner" role="alert">
      <Icon name="alert" />
      <span class="setup-errors">
        <strong>{title}</strong> {children}
      </span>
    </div>
  );
}
