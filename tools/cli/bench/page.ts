import { escaped } from '../../shared/html.ts';
import { inWords, type Spread } from '../../shared/run.ts';
import type { BenchReport, BenchResult } from './bench.ts';
import { nameOf, type Recommendation } from './recommend.ts';
import { accuracyWords, recommendationInWords, rowsOf } from './report.ts';
import { type BenchEngine, benchEngines } from './task.ts';

/** What accuracy is plotted against. */
interface Axis {
  readonly title: string;
  readonly digits: number;
  readonly of: (one: BenchResult) => Spread | undefined;
}

const axes: readonly Axis[] = [
  { title: 'latency, ms', digits: 1, of: ({ latencyMs }) => latencyMs.p50 },
  { title: 'energy, J a picture', digits: 3, of: ({ energy }) => energy?.joules },
  { title: 'memory, MB', digits: 0, of: ({ residentMb }) => residentMb },
];

/** A result in a plot: `at` is its number in the table. */
export interface Point {
  readonly at: number;
  readonly x: Spread;
  readonly y: number;
}

/**
 * The Pareto front: those of which no other is at least as accurate for less, or more accurate for as much. From the least
 * `x` on.
 */
export function paretoFront<T extends Point>(points: readonly T[]): T[] {
  const isBeaten = (one: Point) =>
    points.some(
      (other) =>
        other.y >= one.y && other.x.median <= one.x.median && (other.y > one.y || other.x.median < one.x.median),
    );
  return points.filter((one) => !isBeaten(one)).toSorted((a, b) => a.x.median - b.x.median || a.at - b.at);
}

/**
 * One HTML file with all of a report: plots, the table, what was not measured. It loads nothing, and runs no script; text
 * from outside is escaped.
 */
export function benchPage(report: BenchReport, recommendation?: Recommendation): string {
  const { machine, pictures, results, failed, warnings, power } = report;
  const { head, rows } = rowsOf(results);
  const kinds = [...new Set(results.flatMap(({ accuracy }) => accuracy?.kind ?? []))];
  const plots = kinds.flatMap((kind) => axes.flatMap((axis) => plot(results, kind, axis) ?? []));
  const parts = [
    `<h1>Networks on ${escaped(machine.model)}</h1>`,
    `<p>${escaped(machine.cpu)}, ${machine.cores} cores, ${machine.memoryMb} MB; ocellus ${escaped(report.version)}, kernels ${escaped(machine.kernels)}, Node ${escaped(machine.node)}. ${
      pictures.folder === null
        ? 'Views of the built-in scene.'
        : `${pictures.count} pictures of ${escaped(pictures.folder)}.`
    } Medians of ${report.rounds} rounds of ${report.seconds} s (smallest-largest).</p>`,
    ...warnings.map((one) => `<p class="warning">${escaped(one)}</p>`),
  ];
  if (recommendation) {
    const lines = recommendationInWords(recommendation).map((line) => `${escaped(line)}`);
    parts.push('<h2>Recommendation</h2>', `<pre>${lines.join('\n')}</pre>`);
  }
  if (results.length > 0) {
    if (plots.length > 0) {
      parts.push(
        '<h2>Accuracy against what it costs</h2>',
        '<p>Numbers are those of the table. The line joins the Pareto front: nothing else is as accurate for less. A bar is the spread of the rounds.</p>',
        legend(results),
        `<div class="plots">${plots.join('')}</div>`,
      );
    } else parts.push('<p>No accuracy was measured, so there is nothing to plot: --on FOLDER measures it.</p>');
    const cells = (tag: string, row: readonly string[]) =>
      row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('');
    parts.push(
      '<h2>Figures</h2>',
      `<div class="wide" tabindex="0" role="region" aria-label="Figures"><table><thead><tr>${cells('th', ['', ...head])}</tr></thead><tbody>${rows
        .map((row, i) => `<tr>${cells('td', [String(i + 1), ...row])}</tr>`)
        .join('')}</tbody></table></div>`,
      `<ul class="files">${results.map(({ file, sha256 }) => `<li><code>${escaped(file)}</code> <code>${escaped(sha256)}</code></li>`).join('')}</ul>`,
    );
  }
  if (power) {
    parts.push(
      `<p>Energy is by ${escaped(power.source)} (${power.covers}), runs of ${report.energySeconds} s; the idle board takes ${inWords(power.idleWatts)} W.</p>`,
    );
  }
  if (failed.length > 0) {
    const items = failed.map(
      ({ model, engine, why }) =>
        `<li>${escaped(model)}${engine === null ? '' : ` by ${escaped(engine)}`}: ${escaped(why)}</li>`,
    );
    parts.push('<h2>Not measured</h2>', `<ul>${items.join('')}</ul>`);
  }
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>ocellus bench: ${escaped(machine.model)}</title>
<style>${style}</style>
</head>
<body><main>
${parts.join('\n')}
</main></body>
</html>
`;
}

const size = { width: 420, height: 300, left: 52, right: 16, top: 16, bottom: 44 } as const;
const inner = { width: size.width - size.left - size.right, height: size.height - size.top - size.bottom } as const;

function plot(results: readonly BenchResult[], kind: keyof typeof accuracyWords, { title, digits, of }: Axis) {
  const points = results.flatMap((result, i) => {
    const x = of(result);
    return x && result.accuracy?.kind === kind ? [{ at: i + 1, x, y: result.accuracy.value, result }] : [];
  });
  if (points.length === 0) return undefined;
  const across = ticks(0, Math.max(...points.map(({ x }) => x.high)));
  const values = points.map(({ y }) => y);
  const up = ticks(Math.min(...values), Math.max(...values));
  const place = ({ from, to }: Ticks, value: number) => (to > from ? (value - from) / (to - from) : 0.5);
  const atX = (value: number) => number(size.left + inner.width * place(across, value));
  const atY = (value: number) => number(size.top + inner.height * (1 - place(up, value)));
  const word = accuracyWords[kind];
  const front = paretoFront(points);
  const bottom = size.top + inner.height;
  const grid = [
    ...across.at.map(
      (x) =>
        `<line class="grid" x1="${atX(x)}" x2="${atX(x)}" y1="${size.top}" y2="${bottom}"/><text x="${atX(x)}" y="${bottom + 16}" text-anchor="middle">${inShort(x)}</text>`,
    ),
    ...up.at.map(
      (y) =>
        `<line class="grid" x1="${size.left}" x2="${size.width - size.right}" y1="${atY(y)}" y2="${atY(y)}"/><text x="${size.left - 6}" y="${atY(y)}" dy="0.35em" text-anchor="end">${inShort(y)}</text>`,
    ),
    `<text x="${size.left + inner.width / 2}" y="${size.height - 8}" text-anchor="middle">${title}</text>`,
    `<text x="12" y="${size.top + inner.height / 2}" text-anchor="middle" transform="rotate(-90 12 ${size.top + inner.height / 2})">${word}</text>`,
  ];
  const line = `<polyline class="front" points="${front.map(({ x, y }) => `${atX(x.median)},${atY(y)}`).join(' ')}"/>`;
  const marks = points.map((point) => {
    const { at, x, y, result } = point;
    const isFront = front.includes(point);
    const what = `${nameOf(result)}: ${word} ${y.toFixed(3)}, ${inWords(x, digits)} ${title}${isFront ? ', on the Pareto front' : ''}`;
    return `<g class="${result.engine}${isFront ? ' best' : ''}"><title>${escaped(what)}</title><line class="spread" x1="${atX(x.low)}" x2="${atX(x.high)}" y1="${atY(y)}" y2="${atY(y)}"/><circle cx="${atX(x.median)}" cy="${atY(y)}" r="${isFront ? 6 : 4}"/><text x="${atX(x.median)}" y="${atY(y)}" dy="-9" text-anchor="middle">${at}</text></g>`;
  });
  const told = `${word} against ${title}; on the Pareto front: ${front.map(({ result }) => nameOf(result)).join('; ')}`;
  return `<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${escaped(told)}">${grid.join('')}${line}${marks.join('')}</svg>`;
}

const number = (value: number) => Number(value.toFixed(1));
const inShort = (value: number) => String(Number(value.toPrecision(4)));

interface Ticks {
  readonly from: number;
  readonly to: number;
  readonly at: readonly number[];
}

/** Round numbers around a range, five or so. */
export function ticks(least: number, most: number): Ticks {
  const span = most - least || Math.abs(most) || 1;
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough)!;
  const first = Math.floor(least / step);
  const last = Math.max(first + 1, Math.ceil(most / step));
  const at = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  return { from: at[0]!, to: at.at(-1)!, at };
}

function legend(results: readonly BenchResult[]): string {
  const there = benchEngines.filter((engine) => results.some((one) => one.engine === engine));
  return `<p class="legend">${there.map((engine) => `<span class="${engine}">${engine}</span>`).join(' ')}</p>`;
}

/** Told apart by lightness too; each has 3:1 against both backgrounds' own ink. */
const colours: Readonly<Record<BenchEngine, readonly [light: string, dark: string]>> = {
  native: ['#0b6e4f', '#4fd1a5'],
  onnxruntime: ['#1d4ed8', '#8ab4ff'],
  opencv: ['#b45309', '#fbbf5a'],
  ncnn: ['#9d174d', '#f9a8d4'],
  litert: ['#5b21b6', '#c4b5fd'],
};

const paints = (index: 0 | 1) => benchEngines.map((engine) => `.${engine}{--own:${colours[engine][index]}}`).join('');

const style = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--faint:#5b6470;--line:#d5dae0;--note:#8a4b00}
${paints(0)}
@media(prefers-color-scheme:dark){:root{--paper:#14171b;--ink:#e8ebef;--faint:#a3acb8;--line:#363d46;--note:#ffc46b}${paints(1)}}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1320px;margin:0 auto;padding:16px}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2em}
.warning{color:var(--note);font-weight:600}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr));gap:16px}
svg{width:100%;height:auto;font-size:12px}
svg text{fill:var(--faint)}
.grid{stroke:var(--line)}
.front{fill:none;stroke:var(--ink);stroke-width:1.5;stroke-dasharray:4 3}
g circle{fill:var(--own);stroke:var(--paper)}g .spread{stroke:var(--own);stroke-width:2}
g.best circle{stroke:var(--ink);stroke-width:2}g.best text{font-weight:700;fill:var(--ink)}
.legend span{color:var(--own);font-weight:600;margin-right:1em}.legend span::before{content:"\\25CF\\A0"}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px}
th,td{padding:4px 10px;text-align:left;white-space:nowrap;border-bottom:1px solid var(--line)}
th{color:var(--faint)}
pre{white-space:pre-wrap;overflow-wrap:anywhere}code{overflow-wrap:anywhere}
.files{color:var(--faint);font-size:12px;padding-left:1.2em}
`;
