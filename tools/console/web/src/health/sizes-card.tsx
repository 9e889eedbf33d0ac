import type { CameraState } from '../../../protocol.ts';
import { fetchSizes } from '../api.ts';
import { colourOf } from '../colours.ts';
import { usePolled } from '../parts/use-polled.ts';
import { sizeMarks } from './size-marks.ts';

const everyMs = 10_000;

/** Where in the view things of which size were seen; nothing before anything was. */
export function SizesCard({ camera }: { camera: CameraState }) {
  const { name } = camera;
  const sizes = usePolled(fetchSizes, name, everyMs) ?? [];
  const { opened } = camera.source;
  if (!opened || sizes.length === 0) return null;
  const { width, height } = opened;
  const marks = sizeMarks(sizes, opened);
  const small = marks.reduce((least, mark) => (mark.pixels < least.pixels ? mark : least));
  const said = `Smallest: ${small.label}, ${small.pixels} px`;
  return (
    <div class="card panel">
      <div class="panel-head">
        <h3>
          Sizes{' '}
          <span class="muted">
            pixels of {width} × {height}
          </span>
        </h3>
      </div>
      <svg class="sizes" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`What was seen where. ${said}`}>
        {marks.map(({ label, pixels, x, y, width: w, height: h, count }) => (
          <g key={`${x} ${y}`} fill={colourOf(label)}>
            <title>{`${label}: ${pixels} px, seen for ${count} s`}</title>
            <rect x={x} y={y} width={w} height={h} fill-opacity="0.25" />
            <text x={x + w / 2} y={y + h / 2} font-size={h / 2.2}>
              {pixels}
            </text>
          </g>
        ))}
      </svg>
      <p class="muted">{said}</p>
    </div>
  );
}
