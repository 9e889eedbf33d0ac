import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LearnTopics } from '../../../../sdk/hub/extensions/fleet/learn-topics.ts';
import { checkName } from '../../../../sdk/learn/ledger/example.ts';
import type { PartName } from '../../../../sdk/learn/ledger/part.ts';

const topics = new LearnTopics('home/ocellus', 'e1f0');

const isName = (text: string) => {
  try {
    checkName('name', text);
    return true;
  } catch {
    return false;
  }
};
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 64 }),
  fc.string({ unit: fc.constantFrom('a', '/', '+', '#', '%', '2', 'F', '$', ' ', '.', '*', '>'), maxLength: 6 }),
);
const anyName: fc.Arbitrary<string> = anyText.filter(isName);
const anyPart: fc.Arbitrary<PartName> = fc.oneof(
  fc.record({ node: anyName }),
  fc.record({ node: anyName, head: anyName, label: anyName }),
);

describe('LearnTopics', () => {
  it.each([
    [{ node: 'porch', head: 'object', label: 'my cat' }, 'home/ocellus/learn/e1f0/porch/object/my%20cat'],
    [{ node: 'porch', head: 'v1.2', label: 'a*b>c' }, 'home/ocellus/learn/e1f0/porch/v1%2E2/a%2Ab%3Ec'],
    [{ node: 'porch', head: 'object', label: 'Käse' }, 'home/ocellus/learn/e1f0/porch/object/Käse'],
    [{ node: 'porch', head: 'a/b', label: '50 % +#' }, 'home/ocellus/learn/e1f0/porch/a%2Fb/50%20%25%20%2B%23'],
    [{ node: 'porch' }, 'home/ocellus/learn/e1f0/porch/cuts'],
  ])('%j', (name, topic) => {
    expect(topics.of(name)).toBe(topic);
    expect(topics.nameOf(topic)).toEqual(name);
  });

  it('gives each part a topic of its own, which one filter matches and a broker takes', () => {
    fc.assert(
      fc.property(anyPart, (name) => {
        const topic = topics.of(name);
        expect(topics.nameOf(topic)).toEqual(name);
        const levels = topic.slice(topics.root.length + 1).split('/');
        expect(levels).toHaveLength('label' in name ? 3 : 2);
        expect(topic).not.toMatch(/[+#.*> \p{Cc}\p{Cs}]/u);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    'home/ocellus/learn/e1f0/porch',
    'home/ocellus/learn/e1f0/porch/object',
    'home/ocellus/learn/e1f0/porch/object/cat/more',
    'home/ocellus/learn/other/porch/object/cat',
    'home/ocellus/learn/e1f0/porch/object/%63at',
    'home/ocellus/learn/e1f0/porch/object/a%2fb',
    'home/ocellus/learn/e1f0/porch/object/%ff',
    'home/ocellus/porch/status',
    `home/ocellus/learn/e1f0/${'x'.repeat(65)}/object/cat`,
    `home/ocellus/learn/e1f0/porch/object/${'x'.repeat(60_000)}`,
    'home/ocellus/learn/e1f0/porch/object/%20cat',
    'home/ocellus/learn/e1f0/porch/object/my cat',
    'home/ocellus/learn/e1f0/porch/object/v1.2',
    'home/ocellus/learn/e1f0//object/cat',
  ])('%s is none of them', (topic) => {
    expect(topics.nameOf(topic)).toBeUndefined();
  });
});
