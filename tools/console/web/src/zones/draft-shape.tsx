import { useRef } from 'preact/hooks';
import { percent } from '../format.ts';
import { arrows } from '../parts/arrows.ts';
import {
  type ChangeDraft,
  type Draft,
  type Point,
  withAllMoved,
  withoutPoint,
  withPointAfter,
  withPointMoved,
} from './draft.ts';
import { pointsText, type Size } from './saved-shapes.tsx';

/** The shape that is drawn or edited, with a handle at each corner. */
export function DraftShape({
  draft,
  size,
  pointer,
  corner,
  at,
  onCorner,
  onChange,
}: {
  draft: Draft;
  size: Size;
  /** Where the next corner would be. */
  pointer: Point | undefined;
  /** The corner that was touched last. */
  corner: number | undefined;
  onCorner(index: number): void;
  at(event: MouseEvent): Point;
  onChange: ChangeDraft;
}) {
  const { kind, points, drawing } = draft;
  const isLine = kind === 'line';
  return (
    <g class={`shape is-draft is-${kind}`}>
      {drawing || isLine ? (
        <polyline points={pointsText(drawing && pointer ? [...points, pointer] : points, size)} />
      ) : (
        <Body draft={draft} size={size} at={at} onChange={onChange} />
      )}
      {isLine && points.length === 2 && <Arrow points={points as [Point, Point]} size={size} />}
      {!drawing &&
        !isLine &&
        points.map(([x, y], index) => {
          const [nextX, nextY] = points[(index + 1) % points.length]!;
          return (
            // biome-ignore lint/a11y/noStaticElementInteractions: the keyboard adds a corner by Insert or + on a handle
            <circle
              key={index}
              class="middle"
              cx={((x + nextX) / 2) * size.width}
              cy={((y + nextY) / 2) * size.height}
              r={5}
              onClick={() => onChange((shape) => withPointAfter(shape, index))}
            />
          );
        })}
      {points.map((point, index) => (
        <Handle
          key={index}
          draft={draft}
          index={index}
          point={point}
          size={size}
          chosen={index === corner}
          at={at}
          onChoose={() => onCorner(index)}
          onChange={onChange}
        />
      ))}
    </g>
  );
}

interface PartProps {
  draft: Draft;
  size: Size;
  at(event: MouseEvent): Point;
  onChange: ChangeDraft;
}

/** The area: dragging it moves all of it. */
function Body({ draft, size, at, onChange }: PartProps) {
  const grip = useRef<{ from: Point; draft: Draft } | undefined>(undefined);
  return (
    <polygon
      class="body"
      points={pointsText(draft.points, size)}
      onPointerDown={(event) => {
        grip.current = { from: at(event), draft };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (!grip.current) return;
        const [x, y] = at(event);
        const { from, draft: before } = grip.current;
        onChange(() => withAllMoved(before, [x - from[0], y - from[1]]));
      }}
      onPointerUp={() => {
        grip.current = undefined;
      }}
      onPointerCancel={() => {
        grip.current = undefined;
      }}
    />
  );
}

function Handle({
  draft,
  index,
  point: [x, y],
  size,
  chosen,
  at,
  onChoose,
  onChange,
}: PartProps & { index: number; point: Point; chosen: boolean; onChoose(): void }) {
  const keyDown = (event: KeyboardEvent) => {
    const arrow = arrows[event.key];
    const step = event.shiftKey ? 0.05 : 0.01;
    if (arrow) {
      onChange((shape) => {
        const [x, y] = shape.points[index]!;
        return withPointMoved(shape, index, [x + arrow[0] * step, y + arrow[1] * step]);
      });
    } else if (event.key === 'Delete' || event.key === 'Backspace') onChange((shape) => withoutPoint(shape, index));
    else if ((event.key === 'Insert' || event.key === '+') && draft.kind !== 'line') {
      onChange((shape) => withPointAfter(shape, index));
    } else return;
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a button cannot stand in an SVG
    <g
      class={`handle ${chosen ? 'is-chosen' : ''}`}
      role="button"
      // While corners are set, keys belong to the surface and clicks near the first corner close the shape.
      tabindex={draft.drawing ? -1 : 0}
      aria-label={`Corner ${index + 1} of ${draft.points.length}: ${percent(x)} from the left, ${percent(y)} from the top`}
      onKeyDown={keyDown}
      onPointerDown={(event) => {
        if (draft.drawing) return;
        onChoose();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) {
          const point = at(event);
          onChange((shape) => withPointMoved(shape, index, point));
        }
      }}
    >
      <circle class="handle-reach" cx={x * size.width} cy={y * size.height} r={18} />
      <circle class="handle-dot" cx={x * size.width} cy={y * size.height} r={7} />
    </g>
  );
}

/** Shows the direction that counts as `in`. */
function Arrow({ points: [from, to], size }: { points: [Point, Point]; size: Size }) {
  const a = [from[0] * size.width, from[1] * size.height] as const;
  const b = [to[0] * size.width, to[1] * size.height] as const;
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
  const across = [-(b[1] - a[1]) / length, (b[0] - a[0]) / length] as const;
  const middle = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] as const;
  const tip = [middle[0] + across[0] * 30, middle[1] + across[1] * 30] as const;
  return (
    <>
      <polyline points={`${middle.join(',')} ${tip.join(',')}`} />
      <text x={tip[0] + across[0] * 14 - 6} y={tip[1] + across[1] * 14 + 5}>
        in
      </text>
    </>
  );
}
