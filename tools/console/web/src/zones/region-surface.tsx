import { useEffect, useRef, useState } from 'preact/hooks';
import type { CameraSettings } from '../../../protocol.ts';
import { arrows } from '../parts/arrows.ts';
import {
  type ChangeDraft,
  clamped,
  type Draft,
  finished,
  type Kind,
  minPoints,
  type Point,
  withAllMoved,
  withoutPoint,
  withPoint,
} from './draft.ts';
import { DraftShape } from './draft-shape.tsx';
import { SavedShapes } from './saved-shapes.tsx';
import { useSize } from './use-size.ts';

/** How near, in pixels, a click is to the first corner to close the shape. */
const closeDistance = 14;

/** Covers the picture: shows the shapes, and draws one by mouse, finger or keys. */
export function RegionSurface({
  settings,
  draft,
  corner,
  onCorner,
  onChange,
  onEscape,
  onSelect,
}: {
  settings: CameraSettings;
  draft: Draft | undefined;
  /** The corner that was touched last. */
  corner: number | undefined;
  onCorner(index: number): void;
  onChange: ChangeDraft;
  onEscape(): void;
  onSelect(kind: Kind, name: string): void;
}) {
  const surface = useRef<SVGSVGElement>(null);
  const size = useSize(surface);
  const [pointer, setPointer] = useState<Point>();
  const [cross, setCross] = useState<Point>();
  // Keys may arrive faster than the page renders.
  const crossNow = useRef<Point | undefined>(undefined);
  const drawing = draft?.drawing ?? false;

  useEffect(() => {
    setPointer(undefined);
    setCross(undefined);
    crossNow.current = undefined;
    if (drawing) surface.current?.focus({ preventScroll: true });
  }, [drawing]);

  const at = (event: MouseEvent): Point => {
    const { left, top, width, height } = surface.current!.getBoundingClientRect();
    return [clamped((event.clientX - left) / width), clamped((event.clientY - top) / height)];
  };
  /** Sets a corner, or closes the shape at its first one. */
  const place = (point: Point) =>
    onChange((shape) => {
      const first = shape.points[0];
      if (!first || shape.points.length < minPoints[shape.kind]) return withPoint(shape, point);
      const distance = Math.hypot((first[0] - point[0]) * size.width, (first[1] - point[1]) * size.height);
      return distance < closeDistance ? finished(shape) : withPoint(shape, point);
    });
  const moveCross = (point: Point | undefined) => {
    crossNow.current = point;
    setCross(point);
  };

  const click = (event: MouseEvent) => {
    if (!drawing) return;
    // The second click of a double-click closes instead of setting one corner twice.
    if (event.detail > 1) onChange(finished);
    else place(at(event));
  };
  const keyDown = (event: KeyboardEvent) => {
    if (!draft || event.target !== surface.current) return;
    const step = event.shiftKey ? 0.05 : 0.01;
    const arrow = arrows[event.key];
    const [x, y] = crossNow.current ?? draft.points.at(-1) ?? [0.5, 0.5];
    if (arrow && draft.drawing) moveCross([clamped(x + arrow[0] * step), clamped(y + arrow[1] * step)]);
    else if (arrow) onChange((shape) => withAllMoved(shape, [arrow[0] * step, arrow[1] * step]));
    else if (event.key === ' ') {
      moveCross([x, y]);
      place([x, y]);
    } else if (event.key === 'Enter') onChange(finished);
    else if (event.key === 'Escape') onEscape();
    else if (event.key === 'Backspace') {
      onChange((shape) => (shape.drawing ? withoutPoint(shape, shape.points.length - 1) : shape));
    } else return;
    event.preventDefault();
  };

  return (
    <svg
      ref={surface}
      class={`surface ${draft ? 'is-editing' : ''} ${drawing ? 'is-drawing' : ''}`}
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="application"
      aria-label={
        drawing
          ? 'Drawing surface: arrow keys move the cross, Space sets a corner, Enter finishes, Backspace removes the last corner, Escape cancels'
          : 'Zones of this camera'
      }
      tabindex={draft ? 0 : -1}
      onClick={click}
      onPointerMove={(event) => drawing && setPointer(at(event))}
      onPointerLeave={() => setPointer(undefined)}
      onKeyDown={keyDown}
    >
      <SavedShapes settings={settings} size={size} draft={draft} onSelect={onSelect} />
      {draft && (
        <DraftShape
          draft={draft}
          size={size}
          pointer={cross ?? pointer}
          corner={corner}
          at={at}
          onCorner={onCorner}
          onChange={onChange}
        />
      )}
      {drawing && cross && (
        <path
          class="cross"
          d={`M${cross[0] * size.width - 14} ${cross[1] * size.height}h28M${cross[0] * size.width} ${cross[1] * size.height - 14}v28`}
        />
      )}
    </svg>
  );
}
