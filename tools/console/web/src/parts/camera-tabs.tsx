import { linkTo, type View } from '../route.ts';
import { useStore } from '../store.ts';
import { Icon } from './icons.tsx';

/** Chooses a camera; nothing with only one. */
export function CameraTabs({ view, camera, all }: { view: View; camera: string | undefined; all?: boolean }) {
  const cameras = useStore((state) => state.cameras);
  if (cameras.length < 2) return null;
  return (
    <nav class="tabs" aria-label="Cameras">
      {all && (
        <a href={linkTo(view)} aria-current={camera === undefined ? 'true' : undefined}>
          <Icon name="grid" />
          All
        </a>
      )}
      {cameras.map(({ name, status }) => (
        <a key={name} href={linkTo(view, name)} aria-current={camera === name ? 'true' : undefined}>
          <span class={`dot is-${status}`} />
          {name}
        </a>
      ))}
    </nav>
  );
}
