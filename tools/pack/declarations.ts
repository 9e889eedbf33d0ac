import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

type Exports = Readonly<Record<string, string | { readonly types?: string }>>;

/** In `import … from`, `export … from` and `import('…')`: a file of one's own. */
const ownFile = /\b(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g;

/**
 * The declarations that a program in TypeScript can come to: those that the package's entry points name, what these import,
 * and so on.
 *
 * @param folder Of the package.
 * @param exports Of its `package.json`.
 * @returns Paths from the folder on.
 */
export function reachableDeclarations(folder: string, exports: Exports): ReadonlySet<string> {
  const found = new Set<string>();
  const follow = (path: string) => {
    if (found.has(path) || !existsSync(join(folder, path))) return;
    found.add(path);
    for (const [, name] of readFileSync(join(folder, path), 'utf8').matchAll(ownFile)) {
      follow(join(dirname(path), name!.replace(/\.[jt]s$/, '.d.ts')));
    }
  };
  for (const entry of Object.values(exports)) if (typeof entry === 'object' && entry.types) follow(join(entry.types));
  return found;
}
