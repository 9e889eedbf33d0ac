/** Colours that are distinct on dark and light pictures, also for most colour-blind people. */
const palette = [
  '#3fd0a4',
  '#ffb454',
  '#6fb1ff',
  '#ff7b93',
  '#c79bff',
  '#e6df5a',
  '#4fd6ee',
  '#ff9d5c',
  '#9be36b',
  '#f58ee0',
];

/** The most frequent labels get the most distinct colours. */
const common = ['person', 'cat', 'car', 'dog', 'motorcycle', 'cup', 'bicycle', 'truck', 'bird', 'bus'];

/** The colour of a label: always the same. */
export function colourOf(label: string): string {
  const at = common.indexOf(label);
  return palette[(at >= 0 ? at : hash(label)) % palette.length]!;
}

function hash(text: string): number {
  let value = 0;
  for (const char of text) value = (value * 31 + char.codePointAt(0)!) >>> 0;
  return value;
}
