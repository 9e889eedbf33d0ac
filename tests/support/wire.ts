/**
 * Where keys of JSON are not in snake case, at any depth: `stats.cameras.door.lastError`. Keys that are data (a label, the
 * name of a camera) are to be in lower-case letters in what a test sends.
 */
export function camelKeys(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const where = path === '' ? key : `${path}.${key}`;
    const own = !Array.isArray(value) && /[A-Z]/.test(key) ? [where] : [];
    return [...own, ...camelKeys(inner, where)];
  });
}

/** The same of the fields that a JSON Schema describes; its own words (`additionalProperties`) are none of them. */
export function camelFields(schema: unknown, path = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([word, inner]) => {
    if (word !== 'properties') return camelFields(inner, path);
    return Object.entries(inner as object).flatMap(([field, of]) => {
      const where = path === '' ? field : `${path}.${field}`;
      return [...(/[A-Z]/.test(field) ? [where] : []), ...camelFields(of, where)];
    });
  });
}
