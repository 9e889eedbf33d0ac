import { useEffect, useRef, useState } from 'preact/hooks';
import type { CameraSettings } from '../../../protocol.ts';
import {
  clamped,
  type Draft,
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

/** Lies over the picture: shows the shapes, and takes the mouse, fingers and keys that draw one. */
export function RegionSurface({
  settings,
  draft,
  onChange,
  onSelect,
}: {
  settings: CameraSettings;
  draft: Draft | undefined;
  onChange(draft: Draft | undefined): void;
  onSelect(kind: Kind, name: string): void;
}) {
  const surface = useRef<SVGSVGElement>(null);
  const size = useSize(surface);
  const [pointer, setPointer] = useState<Point>();
  const [cross, setCross] = useState<Point>();
  const drawing = draft?.drawing ?? false;

  useEffect(() => {
    setPointer(undefined);
    setCross(undefined);
    if (drawing) surface.current?.focus({ preventScroll: true });
  }, [drawing]);

  const at = (event: MouseEvent): Point => {
    const { left, top, width, height } = surface.current!.getBoundingClientRect();
    return [clamped((event.clientX - left) / width), clamped((event.clientY - top) / height)];
  };
  const closes = (shape: Draft, [x, y]: Point): boolean => {
    const first = shape.points[0];
    if (!first || shape.points.length < minPoints[shape.kind]) return false;
    return Math.hypot((first[0] - x) * size.width, (first[1] - y) * size.height) < closeDistance;
  };
  const finish = (shape: Draft) => {
    if (shape.points.length >= minPoints[shape.kind]) onChange({ ...shape, drawing: false });
  };

  const click = (event: MouseEvent) => {
    if (!draft?.drawing) return;
    const point = at(event);
    // The second click of a double-click closes instead of setting one corner twice.
    if (event.detail > 1 || closes(draft, point)) finish(draft);
    else onChange(withPoint(draft, point));
  };
  const keyDown = (event: KeyboardEvent) => {
    if (!draft || event.target !== surface.current) return;
    const step = event.shiftKey ? 0.05 : 0.01;
    const arrow = arrows[event.key];
    if (event.key === 'Escape') onChange(undefined);
    else if (arrow && draft.drawing) {
      const [x, y] = cross ?? draft.points.at(-1) ?? [0.5, 0.5];
      setCross([clamped(x + arrow[0] * step), clamped(y + arrow[1] * step)]);
    } else if (arrow) onChange(withAllMoved(draft, [arrow[0] * step, arrow[1] * step]));
    else if (event.key === ' ' && draft.drawing) {
      const point = cross ?? [0.5, 0.5];
      setCross(point);
      if (closes(draft, point)) finish(draft);
      else onChange(withPoint(draft, point));
    } else if (event.key === 'Enter') finish(draft);
    else if (event.key === 'Backspace' && draft.drawing) onChange(withoutPoint(draft, draft.points.length - 1));
    else return;
    event.preventDefault();
  };

  return (
    <svg
      ref={surface}
      class={`surface ${drawing ? 'is-drawing' : ''}`}
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="application"
      aria-label={
        drawing
          ? 'Drawing surface: arrow keys move the cross, Space sets a corner, Enter finishes, Backspace takes the last corner back, Escape gives up'
          : 'Zones of this camera'
      }
      tabIndex={draft ? 0 : -1}
      onClick={click}
      onPointerMove={(event) => drawing && setPointer(at(event))}
      onPointerLeave={() => setPointer(undefined)}
      onKeyDown={keyDown}
    >
      <SavedShapes settings={settings} size={size} draft={draft} onSelect={onSelect} />
      {draft && <DraftShape draft={draft} size={size} pointer={cross ?? pointer} at={at} onChange={onChange} />}
      {drawing && cross && (
        <path
          class="cross"
          d={`M${cross[0] * size.width - 14} ${cross[1] * size.height}h28M${cross[0] * size.width} ${cross[1] * size.height - 14}v28`}
        />
      )}
    </svg>
  );
}

export const arrows: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
