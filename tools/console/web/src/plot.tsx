import { useEffect, useRef } from 'preact/hooks';

export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly values: readonly number[];
}

/** A small plot over the last two minutes; `stacked` areas add up, lines do not. Says its last values in words. */
export function Plot({
  title,
  unit,
  series,
  stacked = false,
  digits = 1,
}: {
  title: string;
  unit: string;
  series: readonly Series[];
  stacked?: boolean;
  digits?: number;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const last = series.map(({ name, values }) => `${name} ${(values.at(-1) ?? 0).toFixed(digits)} ${unit}`);
  useEffect(() => draw(canvas.current!, series, stacked));
  return (
    <figure class="plot">
      <figcaption>{title}</figcaption>
      <canvas ref={canvas} role="img" aria-label={`${title}: ${last.join(', ')}`} />
      <ul>
        {series.map(({ name, colour, values }) => (
          <li key={name}>
            <i style={{ background: colour }} />
            {name} <b>{(values.at(-1) ?? 0).toFixed(digits)}</b> {unit}
          </li>
        ))}
      </ul>
    </figure>
  );
}

const points = 120;

function draw(canvas: HTMLCanvasElement, series: readonly Series[], stacked: boolean): void {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d')!;
  const count = Math.max(...series.map(({ values }) => values.length), 0);
  if (count < 2) return;
  const sums = Array.from({ length: count }, (_, i) => series.reduce((sum, { values }) => sum + (values[i] ?? 0), 0));
  const top = 1.1 * Math.max(1e-9, ...(stacked ? sums : series.flatMap(({ values }) => values)));
  const x = (i: number) => width - ((count - 1 - i) * width) / (points - 1);
  const y = (value: number) => height - (value / top) * height;
  const below = new Array<number>(count).fill(0);
  for (const { colour, values } of series) {
    context.beginPath();
    for (let i = 0; i < count; i++) {
      const value = (values[i] ?? 0) + (stacked ? below[i]! : 0);
      if (i === 0) context.moveTo(x(i), y(value));
      else context.lineTo(x(i), y(value));
    }
    if (stacked) {
      for (let i = count - 1; i >= 0; i--) context.lineTo(x(i), y(below[i]!));
      context.fillStyle = colour;
      context.fill();
      for (let i = 0; i < count; i++) below[i]! += values[i] ?? 0;
    } else {
      context.strokeStyle = colour;
      context.lineWidth = 1.5 * ratio;
      context.stroke();
    }
  }
}
