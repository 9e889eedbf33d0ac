/** More levels than this no filter and no topic may have at the embedded broker. */
export const maxLevels = 100;

/** Whether a topic matches a filter with `+`, and `#` at its end. */
export function matches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  if (wanted.at(-1) === '#') return levels.length >= wanted.length - 1 && fits(wanted.slice(0, -1), levels);
  return wanted.length === levels.length && fits(wanted, levels);
}

const fits = (wanted: readonly string[], levels: readonly string[]) =>
  wanted.every((level, i) => level === '+' || level === levels[i]);

/** Whether this is a valid topic to publish to. */
export const isTopicName = (text: string): boolean => text !== '' && !/[+#\0]/.test(text);

/** Whether this is a valid filter. `+` and `#` occupy a whole level, `#` the last. */
export function isTopicFilter(text: string): boolean {
  if (text === '' || text.includes('\0')) return false;
  const levels = text.split('/');
  return (
    levels.length <= maxLevels &&
    levels.every((level, i) => level === '+' || (level === '#' && i === levels.length - 1) || !/[+#]/.test(level))
  );
}
