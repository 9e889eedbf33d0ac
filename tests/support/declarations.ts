import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync } from 'vite';

/** A declaration: the file it stands in, and its name there. */
interface Place {
  readonly file: string;
  readonly name: string;
}

interface Module {
  /** By name in the file: what it declares, and what it imports. */
  readonly declared: Map<string, Node[]>;
  readonly imported: Map<string, Place>;
  /** By the name that others import. */
  readonly exported: Map<string, Place>;
  /** Files whose exports it gives all. */
  readonly passedOn: string[];
}

// biome-ignore lint/suspicious/noExplicitAny: a syntax tree.
type Node = any;

/** A type that a public signature names, and that nobody can import. */
export interface HiddenType {
  /** The entry point's name whose signature it is. */
  readonly usedBy: string;
  readonly type: string;
  readonly file: string;
}

const key = ({ file, name }: Place) => `${file}#${name}`;

/** What declaration files (`.d.ts`) make public, and which types their signatures name. */
export class Declarations {
  readonly #modules = new Map<string, Module>();

  /** The names an entry point exports. @param entry A `.d.ts` file. */
  exportsOf(entry: string): Map<string, Place> {
    const found = new Map<string, Place>();
    const { exported, passedOn } = this.#module(entry);
    for (const name of exported.keys()) found.set(name, this.#resolve({ file: entry, name }));
    for (const file of passedOn) for (const [name, place] of this.exportsOf(file)) found.set(name, place);
    return found;
  }

  /** Each type that is named by what these entry points export, and exported by none of them. */
  hiddenTypes(entries: readonly string[]): HiddenType[] {
    const exported = entries.flatMap((entry) => [...this.exportsOf(entry)]);
    const isPublic = new Set(exported.map(([, place]) => key(place)));
    const hidden = new Map<string, HiddenType>();
    for (const [usedBy, place] of exported) {
      // Passed on from another package.
      if (place.name === '') continue;
      for (const { file, name } of this.#named(place)) {
        const id = `${usedBy} ${key({ file, name })}`;
        if (!isPublic.has(key({ file, name }))) hidden.set(id, { usedBy, type: name, file });
      }
    }
    return [...hidden.values()];
  }

  /** The declarations of this project that one of them names. */
  #named({ file, name }: Place): Place[] {
    const { declared, imported } = this.#module(file);
    const found: Place[] = [];
    const visit = (node: Node, own: ReadonlySet<string>) => {
      if (!node || typeof node !== 'object') return;
      if (Array.isArray(node)) {
        for (const one of node) visit(one, own);
        return;
      }
      // Nobody outside sees it, and its type is not written.
      if (node.accessibility === 'private') return;
      const parameters = (node.typeParameters?.params ?? []) as Node[];
      const inner =
        parameters.length > 0 ? new Set([...own, ...parameters.map((one) => one.name.name ?? one.name)]) : own;
      if (node.type === 'TSImportType') {
        const source = fileOf(file, node.source?.value ?? node.argument?.literal?.value ?? '');
        const qualifier = leftmost(node.qualifier);
        if (source && qualifier) found.push(this.#resolve({ file: source, name: qualifier }));
      }
      for (const part of typesOf(node)) {
        if (inner.has(part)) continue;
        if (declared.has(part) || imported.has(part)) found.push(this.#resolve({ file, name: part }));
      }
      const value = node.type === 'TSTypeQuery' ? leftmost(node.exprName) : undefined;
      if (value !== undefined && (declared.has(value) || imported.has(value))) {
        // Nobody need import a value whose type is meant, but the types that it has in turn.
        const at = this.#resolve({ file, name: value });
        if (at.name !== '' && key(at) !== key({ file, name })) found.push(...this.#named(at));
      }
      for (const value of Object.values(node)) visit(value, inner);
    };
    for (const node of declared.get(name) ?? []) visit(node, new Set());
    return found.filter((place) => place.name !== '' && key(place) !== key({ file, name }));
  }

  /** Follows imports and exports to where it is declared; a name of '' where that is another package. */
  #resolve(place: Place): Place {
    const seen = new Set<string>();
    for (let at = place; ; ) {
      if (seen.has(key(at))) return at;
      seen.add(key(at));
      if (!at.file) return { file: '', name: '' };
      const { declared, imported, exported, passedOn } = this.#module(at.file);
      const next = imported.get(at.name) ?? (declared.has(at.name) ? undefined : exported.get(at.name));
      if (next) {
        at = next;
        continue;
      }
      if (declared.has(at.name)) return at;
      const from = passedOn.find((file) => this.exportsOf(file).has(at.name));
      if (!from) return at;
      at = { file: from, name: at.name };
    }
  }

  #module(file: string): Module {
    const known = this.#modules.get(file);
    if (known) return known;
    const module: Module = { declared: new Map(), imported: new Map(), exported: new Map(), passedOn: [] };
    this.#modules.set(file, module);
    const { program, errors } = parseSync(file, readFileSync(file, 'utf8'));
    if (errors.length > 0) throw new Error(`${file}: ${errors[0]!.message}`);
    const declare = (node: Node) => {
      const named: Node[] = node.type === 'VariableDeclaration' ? node.declarations : [node];
      const names = named.map((one) => one.id.name as string);
      for (const [i, name] of names.entries()) {
        module.declared.set(name, [...(module.declared.get(name) ?? []), named[i]]);
      }
      return names;
    };
    for (const node of program.body as Node[]) {
      const from = node.source && fileOf(file, node.source.value);
      if (node.type === 'ImportDeclaration') {
        for (const one of node.specifiers) {
          module.imported.set(one.local.name, { file: from ?? '', name: one.imported?.name ?? 'default' });
        }
      } else if (node.type === 'ExportAllDeclaration') {
        if (from) module.passedOn.push(from);
      } else if (node.type === 'ExportNamedDeclaration') {
        if (node.declaration) {
          for (const name of declare(node.declaration)) module.exported.set(name, { file, name });
        }
        for (const one of node.specifiers) {
          module.exported.set(one.exported.name, { file: node.source ? (from ?? '') : file, name: one.local.name });
        }
      } else if (node.id || node.declarations) {
        declare(node);
      }
    }
    return module;
  }
}

/** The names of types that a node refers to. */
function typesOf(node: Node): string[] {
  const names = [
    node.type === 'TSTypeReference' ? leftmost(node.typeName) : undefined,
    node.type === 'TSInterfaceHeritage' || node.type === 'TSClassImplements' ? leftmost(node.expression) : undefined,
    node.superClass ? leftmost(node.superClass) : undefined,
  ];
  return names.filter((name) => name !== undefined);
}

function leftmost(name: Node): string | undefined {
  for (let at = name; at; at = at.left ?? at.object) if (at.type === 'Identifier') return at.name;
  return undefined;
}

/** The declaration file of a relative import; undefined: another package. */
function fileOf(importer: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const file = join(dirname(importer), specifier.replace(/\.(js|ts)$/, '.d.ts'));
  if (!existsSync(file)) throw new Error(`${importer} imports ${specifier}, and ${file} is not there`);
  return file;
}
