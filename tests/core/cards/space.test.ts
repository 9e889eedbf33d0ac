import { expect, it } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { validate } from '../../../sdk/config/validate.ts';
import { ClassifierCard } from '../../../sdk/core/cards/card.ts';
import { spaceOf } from '../../../sdk/core/cards/space.ts';
import { rawClassifierCard } from '../cards.ts';

const sha256 = 'a'.repeat(64);
const cardWith = (change: object = {}, input: object = {}) => {
  const raw = rawClassifierCard({ sha256, ...change });
  return validate(ClassifierCard, { ...raw, input: { ...(raw.input as object), ...input } }, 'the card');
};

it('is the same for what changes no embedding', () => {
  const space = spaceOf(cardWith());
  expect(space).toMatch(/^[0-9a-f]{16}$/);
  for (const change of [
    { name: 'other' },
    { labels: ['a', 'b', 'c'] },
    { outputs: { embedding: 'embedding', logits: 'others' } },
  ]) {
    expect(spaceOf(cardWith(change))).toBe(space);
  }
  expect(spaceOf(cardWith({}, { name: 'images', pad: 114 }))).toBe(space);
  // A fixed one: what nodes have stored under it must be found again by the next version.
  expect(space).toBe('dee2ea5d4b4a9c80');
});

it('is another for each thing that changes embeddings', () => {
  const spaces = [
    cardWith(),
    cardWith({ sha256: 'b'.repeat(64) }),
    cardWith({ dimension: 4 }),
    cardWith({ outputs: { embedding: 'other', logits: 'logits' } }),
    cardWith({}, { width: 9 }),
    cardWith({}, { channels: 'BGR' }),
    cardWith({}, { mean: [1, 2, 3] }),
    cardWith({}, { resize: 'stretch' }),
    cardWith({}, { region_resize: 'crop' }),
    cardWith({}, { pad: 0 }),
  ].map(spaceOf);
  expect(new Set(spaces).size).toBe(spaces.length);
});

it('needs the file’s sha256', () => {
  expect(() => spaceOf(cardWith({ sha256: undefined }))).toThrow(InputError);
});
