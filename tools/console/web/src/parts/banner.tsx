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
      <div class="banner" role="alert">
        <Icon name="alert" />
        <span>
          <strong>Connection lost.</strong> What you see is out of date. Trying again … If this persists, check that
          Ocellus is still running.
        </span>
      </div>
    );
  }
  return (
    <>
      {errors !== '' && (
        <div class="banner" role="alert">
          <Icon name="alert" />
          <span class="setup-errors">
            <strong>Not all on the card could be read.</strong> {errors}
          </span>
        </div>
      )}
      {file && file.trouble !== null && (
        <div class="banner" role="alert">
          <Icon name="alert" />
          <span class="setup-errors">
            <strong>{file.name} was changed and cannot be used.</strong> What was there before goes on. {file.trouble}
          </span>
        </div>
      )}
      {file && file.unwritten !== null && (
        <div class="banner" role="alert">
          <Icon name="alert" />
          <span class="setup-errors">
            <strong>Your changes are in use, but not saved.</strong> A restart loses them until this works; it is tried
            again by itself. {file.unwritten}
          </span>
        </div>
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
