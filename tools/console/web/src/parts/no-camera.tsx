import type { ComponentChildren } from 'preact';
import { linkTo } from '../route.ts';
import { useStore } from '../store.ts';
import { Empty } from './empty.tsx';

/** In place of what needs a camera: the way to the first one. @param children What it would be for. */
export function NoCamera({ children }: { children?: ComponentChildren }) {
  const board = useStore((state) => state.console?.board ?? null);
  return (
    <Empty icon="camera" title="No camera yet">
      {children}
      {board ? (
        <a class="button is-main" href={linkTo('settings')}>
          Add a camera
        </a>
      ) : (
        'Cameras of this board are added by the program that runs it, not on this page.'
      )}
    </Empty>
  );
}
