import { isName } from '../../../learn/ledger/example.ts';
import type { PartName } from '../../../learn/ledger/part.ts';

/**
 * The topics on which the nodes of one space share what they were taught, below `<base>/learn/<space>`:
 * `<node>/<head>/<label>` and `<node>/cuts`, one for each part of the ledger.
 *
 * @example
 * const topics = new LearnTopics('ocellus', 'e1f0');
 * topics.of({ node: 'porch', head: 'object', label: 'cat/dog' }); // ocellus/learn/e1f0/porch/object/cat%2Fdog
 */
export class LearnTopics {
  readonly root: string;

  constructor(base: string, space: string) {
    this.root = `${base}/learn/${encoded(space)}`;
  }

  /** Match all of them. */
  get filters(): string[] {
    return filtersBelow(this.root);
  }

  of(name: PartName): string {
    const node = `${this.root}/${encoded(name.node)}`;
    return 'label' in name ? `${node}/${encoded(name.head)}/${encoded(name.label)}` : `${node}/cuts`;
  }

  /** Whose and what, or undefined when it is no such topic. */
  nameOf(topic: string): PartName | undefined {
    if (!topic.startsWith(`${this.root}/`) || topic.length > this.root.length + longestName) return undefined;
    const [node, head, label, ...others] = topic
      .slice(this.root.length + 1)
      .split('/')
      .map(decoded);
    if (node === undefined || head === undefined || others.length > 0) return undefined;
    const name = label === undefined ? { node } : { node, head, label };
    // One part has one topic: not one that is written otherwise as well.
    return Object.values(name).every(isName) && this.of(name) === topic ? name : undefined;
  }
}

/** The filters that match a topic of any space; undefined when it is no such topic. */
export function learnFiltersOf(base: string, topic: string): string[] | undefined {
  const [learn, space, ...name] = topic.startsWith(`${base}/`) ? topic.slice(base.length + 1).split('/') : [];
  if (learn !== 'learn' || !(name.length === 3 || (name.length === 2 && name[1] === 'cuts'))) return undefined;
  return filtersBelow(`${base}/learn/${space}`);
}

/** Of three names of 64 characters, each at its longest: anybody may write to a longer topic, and it would be kept. */
const longestName = 3 * (1 + 64 * 3);

const filtersBelow = (root: string) => [`${root}/+/+/+`, `${root}/+/cuts`];

/**
 * Any text as one level of a topic, and no two as the same one: what means something in a topic or may not stand in one,
 * and `%`, in the percent-encoding of URLs. Everything else stays readable.
 */
function encoded(text: string): string {
  return text.replace(/[%/+#\p{Cc}\p{Noncharacter_Code_Point}]/gu, (character) => encodeURIComponent(character));
}

function decoded(level: string): string | undefined {
  try {
    return decodeURIComponent(level);
  } catch {
    return undefined;
  }
}
