/** What is kept for this visit. A browser may keep nothing: then it is gone with a reload, and until then nothing is lost. */
const values = new Map<string, string>();

/** @returns Undefined when there is none, or what is there is damaged. */
export function kept<T>(key: string): T | undefined {
  try {
    const text = values.get(key) ?? sessionStorage.getItem(key);
    return text === null ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

export function keep(key: string, value: unknown): void {
  const text = JSON.stringify(value);
  values.set(key, text);
  try {
    sessionStorage.setItem(key, text);
  } catch {
    // It is full, or the visitor does not let pages store anything.
  }
}
