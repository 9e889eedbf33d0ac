import { useEffect, useRef, useState } from 'preact/hooks';
import { corners, type Draft, type Point } from './shapes.ts';

const closeDistance = 0.025;
const step = 0.01;

/** The draft over the picture: a click sets a corner, corners are dragged or moved with the arrow keys. */
export function ShapeCanvas({ draft, onChange }: { draft: Draft; onChange: (draft: Draft) => void }) {
  const svg = useRef<SVGSVGElement>(null);
  const [dragged, setDragged] = useState<number>();
  const [least, most] = corners[draft.kind];
  const { points, open } = draft;

  const at = (event: PointerEvent): Point => {
    const box = svg.current!.getBoundingClientRect();
    return [clamp((event.clientX - box.left) / box.width), clamp((event.clientY - box.top) / box.height)];
  };
  const move = (index: number, point: Point) =>
    onChange({ ...draft, points: points.map((one, i) => (i === index ? point : one)) });
  const add = (point: Point) => {
    const first = points[0];
    if (first && points.length >= least && near(first, point)) {
      onChange({ ...draft, open: false });
      return;
    }
    const next = [...points, point];
    onChange({ ...draft, points: next, open: next.length < most });
  };
  const remove = (index: number) => {
    if (points.length > least) onChange({ ...draft, points: points.filter((_, i) => i !== index) });
  };

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Enter' && open && points.length >= least && !(event.target instanceof HTMLButtonElement)) {
        onChange({ ...draft, open: false });
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  });

  const path = points.map(([x, y]) => `${x * 100},${y * 100}`).join(' ');
  return (
    <svg
      ref={svg}
      class={`shapes ${open ? 'drawing' : ''}`}
      viewBox="0 0 100 100"
      preserveAspectRatio="none"
      aria-label="Shape editor"
      onPointerDown={(event) => {
        if (open && event.target === svg.current) add(at(event));
      }}
      onPointerMove={(event) => {
        if (dragged !== undefined) move(dragged, at(event));
      }}
      onPointerUp={() => setDragged(undefined)}
    >
      {draft.kind === 'line' || open ? (
        <polyline points={path} class={draft.kind} />
      ) : (
        <polygon points={path} class={draft.kind} />
      )}
      {points.map(([x, y], index) => (
        <ellipse
          key={index}
          cx={x * 100}
          cy={y * 100}
          class="corner"
          tabindex={0}
          role="slider"
          aria-label={`Corner ${index + 1}`}
          aria-valuenow={Math.round(x * 100)}
          aria-valuetext={`${Math.round(x * 100)} % from the left, ${Math.round(y * 100)} % from the top`}
          onPointerDown={(event) => {
            event.stopPropagation();
            if (open && index === 0 && points.length >= least) onChange({ ...draft, open: false });
            else {
              setDragged(index);
              svg.current!.setPointerCapture(event.pointerId);
            }
          }}
          onDblClick={() => remove(index)}
          onKeyDown={(event) => {
            const far = event.shiftKey ? 5 * step : step;
            const [dx, dy] = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] }[
              event.key
            ] ?? [0, 0];
            if (dx !== 0 || dy !== 0) move(index, [clamp(x + dx!), clamp(y + dy!)]);
            else if (event.key === 'Delete' || event.key === 'Backspace') remove(index);
            else return;
            event.preventDefault();
          }}
        />
      ))}
    </svg>
  );
}

const clamp = (value: number) => Math.min(1, Math.max(0, value));
const near = (a: Point, b: Point) => Math.hypot(a[0] - b[0], a[1] - b[1]) < closeDistance;
