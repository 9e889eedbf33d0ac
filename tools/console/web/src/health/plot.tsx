import type { ComponentChildren } from 'preact';

/** Width of a plot in values; it fills from the right. */
const span = 120;
const high = 100;

interface Axis {
  end: number;
  /** The text of a value. */
  text(value: number): string;
}

const xOf = (index: number, count: number) => span - count + index + 1;
const yOf = (value: number, end: number) => high - (Math.min(value, end) / end) * high;
const points = (values: readonly number[], end: number) =>
  values.map((value, index) => `${xOf(index, values.length).toFixed(1)},${yOf(value, end).toFixed(2)}`);

/** A small plot over the last two minutes. */
export function Plot({ label, axis, children }: { label: string; axis: Axis; children: ComponentChildren }) {
  return (
    <div class="plot">
      <svg viewBox={`0 0 ${span} ${high}`} preserveAspectRatio="none" role="img" aria-label={label}>
        <title>{label}</title>
        <path class="plot-grid" d={`M0 ${high / 2}H${span}M0 .5H${span}`} />
        {children}
      </svg>
      <span class="plot-end">{axis.text(axis.end)}</span>
    </div>
  );
}

export function Line({ values, end, colour }: { values: readonly number[]; end: number; colour: string }) {
  if (values.length < 2) return null;
  return <path class="plot-line" d={`M${points(values, end).join('L')}`} stroke={colour} />;
}

export function Area({
  low,
  high: top,
  end,
  colour,
}: {
  low: readonly number[];
  high: readonly number[];
  end: number;
  colour: string;
}) {
  if (top.length < 2) return null;
  return (
    <path
      class="plot-area"
      d={`M${points(top, end).join('L')}L${points(low, end).reverse().join('L')}Z`}
      fill={colour}
    />
  );
}

/** The legend of a plot, with the newest values. */
export function Legend({ entries }: { entries: readonly { name: string; colour: string; value: string }[] }) {
  return (
    <ul class="legend">
      {entries.map(({ name, colour, value }) => (
        <li key={name} style={{ '--label': colour }}>
          <span class="swatch" />
          <span>{name}</span>
          <strong>{value}</strong>
        </li>
      ))}
    </ul>
  );
}
