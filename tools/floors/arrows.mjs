import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { parseSync } from 'vite';

/** @typedef {{ file: string, line: number, specifier: string, target: string }} Arrow One file imports another, both from the root. */

const isSource = (/** @type {string} */ name) => /\.tsx?$/.test(name);

/**
 * What a file imports by its path, at run time or for its types.
 *
 * @param {string} file From the root, with `/`.
 * @param {string} text
 * @returns {Arrow[]} @throws {Error} When it cannot be read as TypeScript.
 */
export function arrowsOf(file, text) {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  /** @type {Arrow[]} */
  const found = [];
  const visit = (/** @type {any} */ node) => {
    if (!node || typeof node !== 'object') return;
    if (Array.isArray(node)) {
      for (const one of node) visit(one);
      return;
    }
    // Imports, exports from, import() and import('…').Type all have a source.
    const specifier = node.source?.value;
    if (typeof specifier === 'string' && specifier.startsWith('.')) {
      const line = text.slice(0, node.source.start).split('\n').length;
      const target = join(dirname(file), specifier);
      if (isSource(target)) found.push({ file, line, specifier, target });
    }
    for (const value of Object.values(node)) visit(value);
  };
  visit(program);
  return found;
}

/**
 * Each arrow of all source files in these folders.
 *
 * @param {string} root
 * @param {readonly string[]} folders
 */
export function arrowsBelow(root, folders) {
  return folders.flatMap((folder) =>
    /** @type {string[]} */ (readdirSync(join(root, folder), { recursive: true }))
      .map((name) => join(folder, name.replaceAll('\\', '/')))
      .filter((file) => isSource(file) && !file.includes('/node_modules/'))
      .sort()
      .flatMap((file) => arrowsOf(file, readFileSync(join(root, file), 'utf8'))),
  );
}

/**
 * What is wrong with arrows: one sentence for each that does not lead to a floor below.
 *
 * @param {readonly Arrow[]} arrows
 * @param {readonly (readonly string[])[]} floors From the ground up.
 * @returns {string[]}
 */
export function wrongArrows(arrows, floors) {
  const placeOf = placesOf(floors);
  return arrows.flatMap(({ file, line, specifier, target }) => {
    const from = placeOf(dirname(file));
    const to = placeOf(dirname(target));
    const said = `${file}:${line} imports ${specifier}:`;
    if (!from) return [`${said} ${dirname(file)} has no floor yet, so it may import from no other folder`];
    if (!to) return [`${said} ${dirname(target)} has no floor, so ${from.name} may not import from it`];
    if (from.name === to.name || to.floor < from.floor) return [];
    return to.floor === from.floor
      ? [`${said} ${from.name} and ${to.name} are on one floor, so neither may import from the other`]
      : [
          `${said} ${to.name} is above ${from.name}, so ${to.name} may import from ${from.name} but not the other way round`,
        ];
  });
}

/**
 * Files that import each other in a circle, one sentence for each circle that is met.
 *
 * @param {readonly Arrow[]} arrows
 * @returns {string[]}
 */
export function circles(arrows) {
  /** @type {Map<string, string[]>} */
  const imported = new Map();
  for (const { file, target } of arrows) imported.set(file, [...(imported.get(file) ?? []), target]);
  /** @type {string[]} */
  const found = [];
  const done = new Set();
  const visit = (/** @type {string} */ file, /** @type {string[]} */ route) => {
    if (route.includes(file)) {
      found.push(
        `${[...route.slice(route.indexOf(file)), file].join(' -> ')}: these files import each other in a circle`,
      );
      return;
    }
    if (done.has(file)) return;
    for (const next of imported.get(file) ?? []) visit(next, [...route, file]);
    done.add(file);
  };
  for (const file of imported.keys()) visit(file, []);
  return found;
}

/**
 * Places that are named but not there.
 *
 * @param {string} root
 * @param {readonly (readonly string[])[]} floors
 * @returns {string[]}
 */
export function emptyPlaces(root, floors) {
  return floors
    .flat()
    .filter((place) => !existsSync(join(root, place.replace('/**', ''))))
    .map((place) => `tools/floors/floors.mjs names ${place}, which is not there`);
}

/** @param {readonly (readonly string[])[]} floors */
function placesOf(floors) {
  const places = new Map(floors.flatMap((names, floor) => names.map((name) => [name, { name, floor }])));
  return (/** @type {string} */ folder) => {
    const exact = places.get(folder);
    if (exact) return exact;
    for (let above = folder; above !== '.'; above = dirname(above)) {
      const place = places.get(`${above}/**`);
      if (place) return place;
    }
    return undefined;
  };
}
