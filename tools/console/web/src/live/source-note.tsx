import type { CameraState } from '../../../protocol.ts';
import { Icon } from '../parts/icons.tsx';
import { linkTo } from '../route.ts';

/** Which source is shown and how to change it. */
export function SourceNote({ camera }: { camera: CameraState }) {
  const { uri, opened } = camera.source;
  const isScene = opened?.kind === 'scene';
  return (
    <div class={`note ${isScene ? 'is-hint' : ''}`}>
      <Icon name="info" />
      <p>
        {isScene ? (
          <>
            <strong>This is the built-in scene:</strong> photographs that come and go, until there is a camera.
          </>
        ) : (
          <>
            Source <code>{uri}</code>
          </>
        )}
        {opened?.note && <span class="note-more"> {opened.note}</span>}
      </p>
      <a class="button" href={linkTo('settings', camera.name)}>
        {isScene ? 'Connect a camera' : 'Change'}
      </a>
    </div>
  );
}
