import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path/posix';
import { parseSync } from 'vite';

/**
 * @typedef {{ file: string, line: number, name: string, lines: number, fields: number }} ClassSize
 *   How long a class is, from `class` to its `}`, and how many fields an object of it has: declared ones and those that
 *   its constructor's parameters declare, without what it inherits.
 */

/** What a class may be at most: a longer one has more than one job. */
export const bounds = { lines: 300, fields: 12 };

const isSource = (/** @type {string} */ name) => /\.(tsx?|mjs)$/.test(name) && !/\.d\.m?ts$/.test(name);

/**
 * The sizes of all classes of a file, also of those within functions and of those without a name.
 *
 * @param {string} file From the root, with `/`.
 * @param {string} text
 * @returns {ClassSize[]} @throws {Error} When it cannot be read as TypeScript.
 */
export function classesOf(file, text) {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const lineAt = (/** @type {number} */ offset) => text.slice(0, offset).split('\n').length;
  /** @type {ClassSize[]} */
  const found = [];
  const visit = (/** @type {any} */ node) => {
    if (!node || typeof node !== 'object') return;
    if (node.type === 'ClassDeclaration' || node.type === 'ClassExpression') {
      const [first, last] = [lineAt(node.start), lineAt(node.end - 1)];
      const fields = node.body.body.reduce(
        (/** @type {number} */ sum, /** @type {any} */ member) => sum + fieldsOf(member),
        0,
      );
      found.push({
        file,
        line: first,
        name: node.id?.name ?? 'a class without a name',
        lines: last - first + 1,
        fields,
      });
    }
    for (const value of Object.values(node)) visit(value);
  };
  visit(program);
  return found;
}

const fieldTypes = new Set(['PropertyDefinition', 'AccessorProperty']);

/** @param {any} member */
function fieldsOf(member) {
  if (member.type === 'MethodDefinition' && member.kind === 'constructor')
    return member.value.params.filter((/** @type {any} */ one) => one.type === 'TSParameterProperty').length;
  // `declare` only gives a type to what a class above has; a function is a method that can be handed out.
  const isFunction = /^(ArrowFunction|Function)Expression$/.test(member.value?.type ?? '');
  return fieldTypes.has(member.type) && !member.static && !member.declare && !isFunction ? 1 : 0;
}

/**
 * The sizes of all classes in these folders.
 *
 * @param {string} root
 * @param {readonly string[]} folders
 */
export function classesBelow(root, folders) {
  return folders.flatMap((folder) =>
    /** @type {string[]} */ (readdirSync(join(root, folder), { recursive: true }))
      .map((name) => join(folder, name.replaceAll('\\', '/')))
      .filter((file) => isSource(file) && !file.includes('/node_modules/'))
      .sort()
      .flatMap((file) => classesOf(file, readFileSync(join(root, file), 'utf8'))),
  );
}

/**
 * One sentence for each class that is longer, or has more fields, than the bounds.
 *
 * @param {readonly ClassSize[]} classes
 * @returns {string[]}
 */
export function largeClasses(classes) {
  return classes.flatMap(({ file, line, name, lines, fields }) => {
    const over = [
      ...(lines > bounds.lines ? [`${lines} lines, of ${bounds.lines} at most`] : []),
      ...(fields > bounds.fields ? [`${fields} fields, of ${bounds.fields} at most`] : []),
    ];
    return over.length > 0
      ? [`${file}:${line} ${name} has ${over.join(' and ')}: give one of its jobs a class of its own`]
      : [];
  });
}
