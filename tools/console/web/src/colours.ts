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

/** Of what was taught. */
let taught = new Map<string, string>();

/** Gives each of these names a colour of its own, which another name hardly ever changes. */
export function giveColours(names: readonly string[]): void {
  const used = new Set<number>();
  taught = new Map(
    names.toSorted().map((name) => {
      let at = hash(name) % palette.length;
      if (used.size >= palette.length) return [name, `hsl(${(hash(name) * 137) % 360} 70% 68%)`];
      while (used.has(at)) at = (at + 1) % palette.length;
      used.add(at);
      return [name, palette[at]!];
    }),
  );
}

/** The colour of a label, or of a taught name: always the same. */
export function colourOf(label: string): string {
  const own = taught.get(label);
  if (own !== undefined) return own;
  const at = common.indexOf(label);
  return palette[(at >= 0 ? at : hash(label)) % palette.length]!;
}

function hash(text: string): number {
  let value = 0;
  for (const char of text) value = (value * 31 + char.codePointAt(0)!) >>> 0;
  return value;
}
