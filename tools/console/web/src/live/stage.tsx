import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { CameraState } from '../../../protocol.ts';
import { connection, type LivePicture } from '../connection.ts';
import { Icon } from '../parts/icons.tsx';
import { useStore } from '../store.ts';
import { paint } from './paint.ts';
import { useCanvasSize } from './use-canvas-size.ts';

/** A camera's live picture with its boxes; children are laid over it. */
export function Stage({
  camera,
  small,
  regions = true,
  children,
}: {
  camera: CameraState;
  small?: boolean;
  /** Whether to draw zones, lines and masks. */
  regions?: boolean;
  children?: ComponentChildren;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const picture = useRef<LivePicture | undefined>(undefined);
  const latest = useRef(camera);
  latest.current = camera;
  const [aspect, setAspect] = useState<number>();
  const [seen, setSeen] = useState('');

  const draw = useCallback(() => {
    if (canvas.current) paint(canvas.current, picture.current, regions ? latest.current : undefined);
  }, [regions]);
  useCanvasSize(canvas, draw);
  // Changed zones show at once, even without a new picture.
  useEffect(draw, [camera.settings, draw]);

  const { name } = camera;
  useEffect(() => {
    const height = Math.round((canvas.current?.clientHeight || 540) * devicePixelRatio);
    const wish = small ? { maxHeight: Math.min(height, 360), fps: 6 } : { maxHeight: Math.min(height, 1080), fps: 12 };
    const unwatch = connection.watch(name, wish, (next) => {
      picture.current?.bitmap.close();
      picture.current = next;
      setAspect(next.header.width / next.header.height);
      setSeen(inWords(next));
      draw();
    });
    return () => {
      unwatch();
      picture.current?.bitmap.close();
      picture.current = undefined;
    };
  }, [name, small, draw]);

  const opened = camera.source.opened;
  const ratio = aspect ?? (opened ? opened.width / opened.height : 16 / 9);
  return (
    <div class="stage" style={{ aspectRatio: String(ratio), '--ratio': String(ratio) }}>
      <canvas ref={canvas} role="img" aria-label={`Live picture of ${name}: ${seen || 'nothing in view'}`} />
      <StageCover camera={camera} waiting={aspect === undefined} />
      {children}
    </div>
  );
}

function inWords({ header }: LivePicture): string {
  return header.tracks
    .filter(({ confirmed, visible }) => confirmed && visible)
    .map(({ label, sub_label, id }) => `${sub_label ?? label} ${id}`)
    .join(', ');
}

/** Says why there is no picture. */
function StageCover({ camera, waiting }: { camera: CameraState; waiting: boolean }) {
  const lastError = useStore((state) => state.history.at(-1)?.stats.cameras[camera.name]?.device.last_error);
  if (camera.status === 'disabled') {
    return (
      <div class="stage-cover">
        <Icon name="camera" />
        <strong>This camera is switched off</strong>
        <span>Switch it on under Settings.</span>
      </div>
    );
  }
  if (camera.status === 'offline' && (lastError || !waiting)) {
    return (
      <div class="stage-cover">
        <Icon name="alert" />
        <strong>No picture from {camera.name}</strong>
        <span>{lastError ?? 'The source has stopped.'} Trying again …</span>
      </div>
    );
  }
  if (!waiting) return null;
  return (
    <div class="stage-cover">
      <span class="spinner" />
      <span>Waiting for the first picture …</span>
    </div>
  );
}
