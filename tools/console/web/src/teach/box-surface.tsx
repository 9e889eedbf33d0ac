import { useEffect, useRef, useState } from 'preact/hooks';
import { arrows } from '../parts/arrows.ts';
import { clamped, type Point } from '../zones/draft.ts';

/** Fractions of the picture, 0..1. */
export type BoxShares = readonly [x1: number, y1: number, x2: number, y2: number];

/** A smaller one is a click. */
const leastSide = 0.02;

/** Covers the picture and draws one box by mouse, finger or keys. */
export function BoxSurface({ onDrawn, onCancel }: { onDrawn(box: BoxShares): void; onCancel(): void }) {
  const surface = useRef<HTMLDivElement>(null);
  const [from, setFrom] = useState<Point>();
  const [to, setTo] = useState<Point>([0.5, 0.5]);
  const [keys, setKeys] = useState(false);
  useEffect(() => surface.current?.focus({ preventScroll: true }), []);

  const at = (event: PointerEvent): Point => {
    const { left, top, width, height } = surface.current!.getBoundingClientRect();
    return [clamped((event.clientX - left) / width), clamped((event.clientY - top) / height)];
  };
  const finish = (end: Point) => {
    const box = from && boxOf(from, end);
    setFrom(undefined);
    if (box && box[2] - box[0] >= leastSide && box[3] - box[1] >= leastSide) onDrawn(box);
  };
  const keyDown = (event: KeyboardEvent) => {
    const arrow = arrows[event.key];
    const step = event.shiftKey ? 0.1 : 0.02;
    if (arrow) {
      setKeys(true);
      setTo(([x, y]) => [clamped(x + arrow[0] * step), clamped(y + arrow[1] * step)]);
    } else if (event.key === ' ' || event.key === 'Enter') {
      setKeys(true);
      if (from) finish(to);
      else setFrom(to);
    } else if (event.key === 'Escape') onCancel();
    else return;
    event.preventDefault();
  };
  const box = from && boxOf(from, to);
  return (
    <div
      ref={surface}
      class="box-surface"
      role="application"
      aria-label="Drawing surface: arrow keys move the cross, Space sets a corner and the one across from it, Escape gives up"
      tabindex={0}
      onPointerDown={(event) => {
        surface.current!.setPointerCapture(event.pointerId);
        setKeys(false);
        setFrom(at(event));
        setTo(at(event));
      }}
      onPointerMove={(event) => from && !keys && setTo(at(event))}
      onPointerUp={(event) => !keys && finish(at(event))}
      onPointerCancel={() => setFrom(undefined)}
      onKeyDown={keyDown}
    >
      {box && (
        <div
          class="drawn-box"
          style={{
            left: `${box[0] * 100}%`,
            top: `${box[1] * 100}%`,
            width: `${(box[2] - box[0]) * 100}%`,
            height: `${(box[3] - box[1]) * 100}%`,
          }}
        />
      )}
      {keys && <div class="draw-cross" style={{ left: `${to[0] * 100}%`, top: `${to[1] * 100}%` }} />}
    </div>
  );
}

function boxOf([ax, ay]: Point, [bx, by]: Point): BoxShares {
  return [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)];
}
