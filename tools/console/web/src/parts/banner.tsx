import { useStore } from '../store.ts';
import { Icon } from './icons.tsx';

/** Warns that what is shown is out of date, and of settings that could not be read from the card. */
export function Banner() {
  const lost = useStore((state) => state.connection === 'lost');
  const errors = useStore((state) => state.console?.setup_errors.join('\n') ?? '');
  if (!lost && errors === '') return null;
  if (!lost) {
    return (
      <div class="banner" role="alert">
        <Icon name="alert" />
        <span class="setup-errors">
          <strong>Not all on the card could be read.</strong> {errors}
        </span>
      </div>
    );
  }
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
