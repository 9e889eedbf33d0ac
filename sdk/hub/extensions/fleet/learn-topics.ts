import { isName } from '../../../learn/ledger/example.ts';
import type { PartName } from '../../../learn/ledger/part.ts';
import { addresses, filterOf, type NamesOf, namesIn, pathOf } from '../../contract/addresses.ts';

/**
 * The topics on which the nodes of one space share what they were taught: one of its examples for each node, head and
 * label, and one of its cuts for each node.
 *
 * @example
 * const topics = new LearnTopics('ocellus', 'e1f0');
 * topics.of({ node: 'porch', head: 'object', label: 'cat/dog' }); // ocellus/learn/e1f0/porch/object/cat%2Fdog
 */
export class LearnTopics {
  readonly root: string;
  readonly #base: string;
  readonly #space: string;

  constructor(base: string, space: string) {
    this.#base = base;
    this.#space = encoded(space);
    this.root = `${base}/${pathOf(addresses.sharedSpace, { space: this.#space })}`;
  }

  /** Match all of them. */
  get filters(): string[] {
    return filtersOf(this.#base, this.#space);
  }

  of(name: PartName): string {
    const names = { space: this.#space, node: encoded(name.node) };
    const path =
      'label' in name
        ? pathOf(addresses.sharedExamples, { ...names, head: encoded(name.head), label: encoded(name.label) })
        : pathOf(addresses.sharedCuts, names);
    return `${this.#base}/${path}`;
  }

  /** The node and the part of a topic, or undefined when it is not one of these. */
  nameOf(topic: string): PartName | undefined {
    if (!topic.startsWith(`${this.root}/`) || topic.length > this.root.length + longestName) return undefined;
    const found = levelsOf(this.#base, topic);
    if (!found) return undefined;
    const { space: _, ...levels } = found;
    const name = Object.fromEntries(Object.entries(levels).map(([what, level]) => [what, decoded(level)]));
    if (!Object.values(name).every(isName)) return undefined;
    // One part has one topic: other spellings of it do not count.
    const part = name as unknown as PartName;
    return this.of(part) === topic ? part : undefined;
  }
}

/** The filters that match a topic of any space; undefined when it is not one of these. */
export function learnFiltersOf(base: string, topic: string): string[] | undefined {
  const levels = levelsOf(base, topic);
  return levels && filtersOf(base, levels.space);
}

/** What stands in a topic of any space, as it is written there. */
function levelsOf(base: string, topic: string): NamesOf<typeof addresses.sharedCuts> | undefined {
  if (!topic.startsWith(`${base}/`)) return undefined;
  const path = topic.slice(base.length + 1);
  return namesIn(addresses.sharedExamples, path) ?? namesIn(addresses.sharedCuts, path);
}

const filtersOf = (base: string, space: string) =>
  [addresses.sharedExamples, addresses.sharedCuts].map((address) => `${base}/${filterOf(address, { space })}`);

/** Of three names of 64 characters, each at its longest: anyone may publish to longer topics, which would be kept. */
const longestName = 3 * (1 + 64 * 3);

/**
 * Maps any text to one level of a topic, unambiguously: characters with a meaning in topics or not allowed there, and `%`,
 * are percent-encoded as in URLs, and so is what brokers of other protocols take for something else: RabbitMQ makes `/` of a
 * dot and `+` of an asterisk, NATS ends the connection at a space. Everything else stays readable.
 */
function encoded(text: string): string {
  return text.replace(/[%/+#.*> \p{Cc}\p{Noncharacter_Code_Point}]/gu, (character) =>
    // Which leaves some of them as they are.
    character === '.' || character === '*'
      ? `%${character.charCodeAt(0).toString(16).toUpperCase()}`
      : encodeURIComponent(character),
  );
}

function decoded(level: string): string | undefined {
  try {
    return decodeURIComponent(level);
  } catch {
    return undefined;
  }
}
