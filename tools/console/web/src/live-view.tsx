import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { CameraState } from '../../protocol.ts';
import type { Connection, LiveFrame } from './connection.ts';
import { paint } from './paint.ts';

/** The live picture of a camera. `children` lie over it, in the same frame. */
export function LiveView({
  camera,
  connection,
  children,
}: {
  camera: CameraState;
  connection: Connection;
  children?: ComponentChildren;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const settings = useRef(camera.settings);
  settings.current = camera.settings;
  const { name, status, source } = camera;

  useEffect(() => {
    const element = canvas.current!;
    let waiting: LiveFrame | undefined;
    let busy = false;
    const show = async () => {
      busy = true;
      for (let frame = waiting; frame; frame = waiting) {
        waiting = undefined;
        const picture = await createImageBitmap(frame.jpeg);
        const ratio = window.devicePixelRatio || 1;
        const width = Math.round(element.clientWidth * ratio);
        const height = Math.round((width * frame.header.height) / frame.header.width);
        if (element.width !== width || element.height !== height) {
          element.width = width;
          element.height = height;
        }
        paint(element, picture, frame.header, settings.current, ratio);
        picture.close();
        element.dataset.sequence = String(frame.header.sequence);
        element.dataset.boxes = String(frame.header.tracks.length);
        element.dataset.labels = frame.header.tracks.map((track) => track.label).join(' ');
      }
      busy = false;
    };
    connection.onFrame = (frame) => {
      if (frame.header.camera !== name) return;
      waiting = frame;
      if (!busy) void show();
    };
    const watch = () => {
      const hidden = document.visibilityState === 'hidden';
      const height = Math.min(1080, Math.ceil(element.clientHeight * (window.devicePixelRatio || 1)));
      connection.watch(hidden ? null : name, Math.max(240, height));
    };
    const resized = new ResizeObserver(watch);
    resized.observe(element);
    document.addEventListener('visibilitychange', watch);
    return () => {
      connection.onFrame = () => {};
      connection.watch(null);
      resized.disconnect();
      document.removeEventListener('visibilitychange', watch);
    };
  }, [name, connection]);

  return (
    <div class="picture" style={{ aspectRatio: source ? `${source.width} / ${source.height}` : '16 / 9' }}>
      <canvas ref={canvas} role="img" aria-label={`Live picture of ${name}`} data-boxes="0" />
      {children}
      {status !== 'online' && (
        <div class="veil" role="status">
          <strong>{status === 'disabled' ? 'This camera is switched off' : 'No picture at the moment'}</strong>
          {camera.lastError && <p>{camera.lastError}</p>}
        </div>
      )}
    </div>
  );
}
