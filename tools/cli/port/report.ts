import { escaped } from '../../shared/html.ts';
import type { LayerDifference } from './compare.ts';
import type { Ported } from './port.ts';
import type { ProvenOutput } from './proof.ts';

const told = (value: number) => (Number.isFinite(value) ? `${Number(value.toPrecision(4))}` : 'no number');

/** A report as a page of its own: nothing in it is fetched from anywhere. */
export function reportPage(ported: Ported): string {
  const { proof, source, target, file, to, pictures, input, notes, made } = ported;
  const verdict = proof.problems.length === 0 ? 'equal within the tolerance' : 'not equal';
  const facts: [string, string][] = [
    ['from', `${file} (${source.title}), run by ${source.ranBy}`],
    ['to', `${to}, run by ${target.ranBy}`],
    ['files', made.join(', ')],
    ['pictures', `${pictures.length}: ${pictures.join(', ')}`],
    ['fed as', input],
    [
      'tolerance',
      `a difference of ${proof.tolerance.share} of the greatest number, a cosine of ${proof.tolerance.cosine}`,
    ],
    [
      'first layer beyond it',
      proof.firstLayer?.name ?? (proof.layers.length > 0 ? 'none' : 'no layers with the same names'),
    ],
  ];
  const rows = facts.map(([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`).join('');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(`${file} to ${to}`)}</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0}th,td{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top;border-bottom:1px solid #ddd}
.no{color:#b00020}.yes{color:#116329}svg{background:#fafafa;border:1px solid #ddd}svg text{font:11px system-ui,sans-serif}</style></head><body>
<h1>${escaped(`${file} to ${to}`)}</h1>
<p class="${proof.problems.length === 0 ? 'yes' : 'no'}"><strong>${verdict}</strong></p>
${list(proof.problems)}${list(notes)}
<table>${rows}</table>
<h2>Outputs</h2>
${outputsTable(proof.outputs)}
${proof.outputs.map(scatter).join('\n')}
${boxes(ported)}
<h2>Layers</h2>
${layersPlot(proof.layers, proof.tolerance.share)}
${layersTable(proof.layers)}
</body></html>
`;
}

const list = (lines: readonly string[]) =>
  lines.length === 0 ? '' : `<ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`;

function outputsTable(outputs: readonly ProvenOutput[]): string {
  const rows = outputs.map(({ name, shape, maxAbs, meanAbs, share, cosine, topOne, isTransposed }) => {
    const cells = [
      name,
      `[${shape.join(', ')}]${isTransposed ? ', axes in another order' : ''}`,
      told(maxAbs),
      told(meanAbs),
      told(share),
      cosine.toFixed(7),
      topOne === undefined ? '' : `${(100 * topOne).toFixed(1)} %`,
    ];
    return `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
  });
  return `<table><tr><th>output</th><th>shape</th><th>greatest difference</th><th>mean</th><th>share</th><th>least cosine</th><th>top-1 agreement</th></tr>${rows.join('')}</table>`;
}

/** Source along, target up: equal numbers lie on the diagonal. */
function scatter({ name, sample }: ProvenOutput): string {
  const finite = sample.filter((pair) => pair.every(Number.isFinite));
  if (finite.length === 0) return '';
  const all = finite.flat();
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const place = (value: number) => (260 * (value - least)) / (most - least || 1) + 20;
  const dots = finite.map(
    ([x, y]) =>
      `<circle cx="${place(x).toFixed(1)}" cy="${(300 - place(y)).toFixed(1)}" r="2" fill="#0550ae" fill-opacity=".4"/>`,
  );
  return `<svg width="300" height="320" role="img"><text x="8" y="14">${escaped(name.slice(0, 48))}</text><line x1="20" y1="280" x2="280" y2="20" stroke="#999"/>${dots.join('')}<text x="20" y="312">source ${told(least)} to ${told(most)}; up: target</text></svg>`;
}

/** Logarithmic: each bar is one layer's greatest difference as a share of its greatest number. */
function layersPlot(layers: readonly LayerDifference[], limit: number): string {
  if (layers.length === 0) return '<p>The two have no tensors of the same name.</p>';
  const height = (share: number) => Math.max(1, 200 * Math.min(1, (Math.log10(Math.max(share, 1e-8)) + 8) / 8));
  const width = Math.max(2, Math.min(14, Math.floor(860 / layers.length)));
  const bars = layers.map(({ name, share, isWithin }, i) => {
    const tall = height(share);
    const colour = isWithin ? '#1a7f37' : '#cf222e';
    return `<rect x="${i * width}" y="${(210 - tall).toFixed(1)}" width="${width - 1}" height="${tall.toFixed(1)}" fill="${colour}"><title>${escaped(name)}: ${told(share)}</title></rect>`;
  });
  const line = 210 - height(limit);
  const whole = width * layers.length;
  return `<svg width="${whole + 60}" height="220" role="img">${bars.join('')}<line x1="0" x2="${whole}" y1="${line}" y2="${line}" stroke="#666" stroke-dasharray="4"/><text x="${whole + 4}" y="${line + 4}">${limit}</text></svg>`;
}

function layersTable(layers: readonly LayerDifference[]): string {
  if (layers.length === 0) return '';
  const rows = layers.map(({ name, shape, maxAbs, share, cosine, isWithin }) => {
    const cells = [name, `[${shape.join(', ')}]`, told(maxAbs), told(share), cosine.toFixed(7)];
    return `<tr${isWithin ? '' : ' class="no"'}>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
  });
  return `<details><summary>${layers.length} layers</summary><table><tr><th>layer</th><th>shape</th><th>greatest difference</th><th>share</th><th>cosine</th></tr>${rows.join('')}</table></details>`;
}

function boxes({ proof }: Ported): string {
  if (!proof.boxes) return '';
  const { source, target, matched, alone, leastIou, meanIou, ap } = proof.boxes;
  const rows: [string, string][] = [
    ['found by the source, by the target', `${source}, ${target}`],
    ['in both', `${matched}`],
    ['clearly found by one alone', `${alone}`],
    [
      'IoU of those in both: least, mean',
      leastIou === undefined ? 'none' : `${leastIou.toFixed(5)}, ${meanIou!.toFixed(5)}`,
    ],
  ];
  if (ap)
    rows.push([
      `AP on ${ap.pictures} labelled pictures: source, target`,
      `${ap.source.toFixed(4)}, ${ap.target.toFixed(4)}`,
    ]);
  return `<h2>Boxes</h2><table>${rows.map(([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`).join('')}</table>`;
}
