import { useStore } from '../store.ts';
import { Icon } from './icons.tsx';

/** Warns that what is shown is out of date. */
export function Banner() {
  const lost = useStore((state) => state.connection === 'lost');
  if (!lost) return null;
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
