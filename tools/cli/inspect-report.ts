import type { TensorInfo } from '../../sdk/core/engines/engine.ts';
import type { Inspection, ModelContents } from '../../sdk/core/inspect-model.ts';
import { oneLine, table } from '../shared/output.ts';

/** Keys of metadata that say something to a person. */
const telling = [
  'description',
  'task',
  'imgsz',
  'stride',
  'head',
  'end2end',
  'args',
  'names',
  'version',
  'author',
  'license',
  'date',
];
/** Longest text of a file that is shown. */
const longest = 100;

/** What was found out about a file, for a terminal: lines of a name and what is known of it. */
export function inspectReport(inspection: Inspection, isUsable: boolean): string {
  const { file, format, bytes, contents, card, cardSource, recognition, engines, problems, draft } = inspection;
  const rows: string[][] = [
    ['file', `${file}, ${sizeOf(bytes)}`],
    ['format', [format, ...(contents ? originOf(contents) : [])].join(', ')],
  ];
  const add = (name: string, lines: readonly string[]) => {
    for (const [i, line] of lines.entries()) rows.push([i === 0 ? name : '', line]);
  };
  if (contents) addContents(contents, add);
  if (recognition?.family) add('network', [recognition.family]);
  if (card) add('task', [card.task]);
  const decoder = card?.task === 'detect' ? card.decoder.type : undefined;
  if (decoder) add('decoder', [decoder]);
  add('because', recognition?.reasons ?? []);
  add('assumed', recognition?.assumed ?? []);
  if (card) {
    const { width, height, resize, channels } = card.input;
    add('card', [
      `from ${sources[cardSource ?? 'file']}: ${width}x${height} ${channels}, ${resize}, ${card.labels.length} labels`,
    ]);
  }
  add(
    'engines',
    engines.map(({ name, runs, note }) => `${name}: ${runs ? 'runs it' : 'no'}${note ? `: ${note}` : ''}`),
  );
  add('usable', isUsable ? ['yes'] : problems.map((problem, i) => `${i === 0 ? 'no: ' : ''}${problem}`));
  const text = table(rows.map(([name, line]) => [name!, oneLine(line!)]));
  return draft
    ? `${text}\n\nA card to begin with (docs/models.md has the fields):\n${JSON.stringify(draft, null, 2).split('\n').map(oneLine).join('\n')}`
    : text;
}

const sources = { file: 'its card', metadata: 'its metadata', recognised: 'what it is, and its labels' } as const;

function originOf({ irVersion, producer, opsets }: ModelContents): string[] {
  const of = [...(opsets ?? [])].map(
    ([domain, version]) => `${domain === 'ai.onnx' ? '' : `${domain} `}opset ${version}`,
  );
  return [...(irVersion ? [`IR ${irVersion}`] : []), ...of, ...(producer ? [`made by ${producer}`] : [])];
}

function addContents(contents: ModelContents, add: (name: string, lines: readonly string[]) => void): void {
  const {
    inputs,
    outputs,
    batch,
    metadata,
    weightBytes,
    weightFiles,
    types,
    parameters,
    isHalf,
    quantisation,
    multiplyAdds,
  } = contents;
  add(
    'metadata',
    [...(metadata ?? [])].filter(([key]) => telling.includes(key)).map(([key, value]) => `${key}: ${shortened(value)}`),
  );
  add('inputs', inputs.map(tensor));
  add('outputs', outputs.map(tensor));
  add('batch', [batch === 'open' ? 'open: one picture is given at a time' : String(batch)]);
  const numbers = [...(types ?? [])].slice(0, 3).map(([type, count]) => `${grouped(count)} ${type}`);
  const where = weightFiles.map(
    ({ path, bytes, isThere }) => `${sizeOf(bytes)} in ${path}${isThere ? '' : ', which is missing'}`,
  );
  const total =
    parameters === undefined ? sizeOf(weightBytes) : `${sizeOf(weightBytes)} (${numbers.join(', ') || 'none'})`;
  add('weights', [`${total}${where.length > 0 ? `; ${where.join('; ')}` : ', in the file'}`]);
  const kind =
    quantisation === 'program'
      ? 'integers of 8 bits, compiled'
      : quantisation
        ? `quantised (${quantisation})`
        : isHalf
          ? 'float16'
          : 'float32';
  add('computes', [kind]);
  if (multiplyAdds !== undefined) add('work', [`${(multiplyAdds / 1e6).toFixed(1)} million multiply-adds`]);
}

const tensor = ({ name, type, shape }: TensorInfo) =>
  `${name} ${type} [${shape.map((side) => (side === '' ? '?' : side)).join(', ')}]`;
const shortened = (text: string) => (text.length > longest ? `${text.slice(0, longest)}…` : text);
const grouped = (count: number) => count.toLocaleString('en');

function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
