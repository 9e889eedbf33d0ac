import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { CameraState } from '../../../protocol.ts';
import { connection, type LivePicture } from '../connection.ts';
import { Icon } from '../parts/icons.tsx';
import { useStore } from '../store.ts';
import { type Looked, paint } from './paint.ts';
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
  /** Where the network looked, by frames of the last second. */
  const trail = useRef<{ at: number; regions: Looked[] }[]>([]);
  const looks = useStore((state) => state.looks);
  const [aspect, setAspect] = useState<number>();
  const [seen, setSeen] = useState('');

  const draw = useCallback(() => {
    if (!canvas.current) return;
    const looked = looks ? trail.current.flatMap((one) => one.regions) : [];
    paint(canvas.current, picture.current, regions ? latest.current : undefined, looked);
  }, [regions, looks]);
  useCanvasSize(canvas, draw);
  // Changed zones show at once, even without a new picture.
  useEffect(draw, [camera.settings, draw]);
  const redraw = useRef(draw);
  redraw.current = draw;

  const { name } = camera;
  useEffect(() => {
    const height = Math.round((canvas.current?.clientHeight || 540) * devicePixelRatio);
    const wish = small ? { maxHeight: Math.min(height, 360), fps: 6 } : { maxHeight: Math.min(height, 1080), fps: 12 };
    const unwatch = connection.watch(name, wish, (next) => {
      picture.current?.bitmap.close();
      picture.current = next;
      trail.current = withLooks(trail.current, next);
      setAspect(next.header.width / next.header.height);
      setSeen(inWords(next));
      redraw.current();
    });
    return () => {
      unwatch();
      picture.current?.bitmap.close();
      picture.current = undefined;
      trail.current = [];
    };
  }, [name, small]);

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

/** How long looks are shown. */
const trailMs = 1000;

function withLooks(trail: readonly { at: number; regions: Looked[] }[], { header }: LivePicture) {
  const { time: at, regions } = header;
  // The same until the network runs again.
  const isKnown = String(trail.at(-1)?.regions) === String(regions) && !header.inferred;
  const recent = trail.filter((one, i) => Math.abs(at - one.at) < trailMs || (isKnown && i === trail.length - 1));
  return isKnown ? recent : [...recent, { at, regions }];
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
