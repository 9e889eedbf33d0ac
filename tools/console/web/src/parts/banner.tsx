import { useStore } from '../store.ts';
import { Icon } from './icons.tsx';

/** Says that what is shown is old. */
export function Banner() {
  const lost = useStore((state) => state.connection === 'lost');
  if (!lost) return null;
  return (
    <div class="banner" role="alert">
      <Icon name="alert" />
      <span>
        <strong>Connection lost.</strong> What you see is how it was. Trying again … If it stays like this, see whether
        Ocellus is still running.
      </span>
    </div>
  );
}
