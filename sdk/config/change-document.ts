import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  type Node,
  type Pair,
  visit,
  type YAMLMap,
} from 'yaml';
import { ownedMaps } from './schema.ts';

type Fields = Record<string, unknown>;

/**
 * Merges a change into a settings file's document, keeping its comments and order. Objects are merged; lists and the
 * maps of `ownedMaps` are replaced whole. Nothing else changes its meaning: an alias (`&name`, `*name`) is written out
 * where the change would reach it.
 */
export function changeDocument(document: Document, change: Fields): void {
  for (const [names, value] of leaves(change)) {
    const route = openRoute(document, names);
    // `cameras:` without anything below it is empty, not a map.
    for (let depth = 0; depth < route.length; depth++) {
      const above = route.slice(0, depth);
      if (!isMap(document.getIn(above))) document.setIn(above, document.createNode({}));
    }
    // A scalar is set in place, so that a comment beside the old value stays beside the new one.
    document.setIn(route, isObject(value) ? document.createNode(value) : value);
  }
}

function* leaves(value: Fields, route: string[] = []): Generator<[string[], unknown]> {
  for (const [key, inner] of Object.entries(value)) {
    const here = [...route, key];
    const hasFields = isObject(inner) && !Array.isArray(inner);
    if (hasFields && !ownedMaps.includes(key)) yield* leaves(inner as Fields, here);
    else yield [here, inner];
  }
}

/**
 * Makes all on a route its own.
 *
 * @returns The route with its keys as the file has them: a camera called `1` is a number there.
 */
export function openRoute(document: Document, names: readonly string[]): unknown[] {
  const touched = new Set<unknown>([document.contents]);
  const route: unknown[] = [...names];
  let node: unknown = document.contents;
  for (const [depth, name] of names.entries()) {
    if (!isMap(node)) break;
    route[depth] = keyNamed(node, name);
    const inner: unknown = node.get(route[depth], true);
    const own = isAlias(inner) ? copyOf(inner.resolve(document)) : inner;
    if (own !== inner) node.set(route[depth], own);
    touched.add(own);
    node = own;
  }
  // All of the last one goes.
  if (isNode(node)) visit(node, (_, inner) => void touched.add(inner));
  visit(document, {
    Alias(_, alias, path) {
      const source = alias.resolve(document);
      return touched.has(source) && !path.includes(source as Node) ? copyOf(source) : undefined;
    },
  });
  return route;
}

export const keyOf = ({ key }: Pair): unknown => (isScalar(key) ? key.value : key);

function keyNamed(map: YAMLMap, name: string): unknown {
  const keys = map.items.map(keyOf);
  return keys.find((key) => String(key ?? '') === name) ?? name;
}

/** With no name of its own: what stands for the first one goes on to do so. */
function copyOf(node: unknown): Node | undefined {
  if (!isNode(node)) return undefined;
  const copy = node.clone() as Node;
  visit(copy, (_, inner) => {
    if (isCollection(inner) || isScalar(inner)) delete inner.anchor;
  });
  return copy;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
