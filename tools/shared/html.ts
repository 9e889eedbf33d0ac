const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text of others, such as the name of a file or a layer, as a page or an SVG takes it, also within an attribute's quotes. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character]!);
