/** A colour of its own for each label, the same on every page: bright enough for a dark and a light picture. */
export function colourOf(label: string): string {
  let hash = 0;
  for (const char of label) hash = (Math.imul(hash, 31) + char.codePointAt(0)!) >>> 0;
  return label === 'person' ? 'hsl(155 77% 45%)' : `hsl(${(hash * 47) % 360} 85% 62%)`;
}
