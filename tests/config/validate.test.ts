import { Type } from '@sinclair/typebox';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../sdk/base/errors.ts';
import { errorsOf, expected, validate } from '../../sdk/config/validate.ts';

const Shape = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z]+$' }),
    size: Type.Integer({ minimum: 1, maximum: 9, default: 3 }),
    inner: Type.Object(
      { deep: Type.Number({ default: 0.5 }), list: Type.Array(Type.Number(), { default: [1, 2] }) },
      { additionalProperties: false, default: {} },
    ),
    byName: Type.Record(
      Type.String({ pattern: '^[a-z]$' }),
      Type.Object({ on: Type.Boolean({ default: true }) }, { additionalProperties: false }),
      { additionalProperties: false, default: { z: {} } },
    ),
    pair: Type.Tuple([Type.Number(), Type.Number()], { default: [7, 8] }),
    kind: Type.Optional(
      Type.Union([
        Type.Object({ type: Type.Literal('round'), radius: Type.Number() }, { additionalProperties: false }),
        Type.Object(
          { type: Type.Literal('flat'), width: Type.Number({ default: 2 }) },
          { additionalProperties: false },
        ),
      ]),
    ),
  },
  { additionalProperties: false },
);

describe('validate fills in', () => {
  it('all that has a default, at any depth', () => {
    expect(validate(Shape, { name: 'a', byName: { b: {} }, kind: { type: 'flat' } }, 'it')).toEqual({
      name: 'a',
      size: 3,
      inner: { deep: 0.5, list: [1, 2] },
      byName: { b: { on: true } },
      pair: [7, 8],
      kind: { type: 'flat', width: 2 },
    });
  });

  it('what a default leaves out in its turn', () => {
    expect(validate(Shape, { name: 'a' }, 'it').byName).toEqual({ z: { on: true } });
  });

  it('nothing into lists and maps that are given: they are meant whole', () => {
    const given = { name: 'a', inner: { list: [] }, byName: {}, pair: [1, 2] };
    expect(validate(Shape, given, 'it')).toMatchObject(given);
    expect(validate(Shape, given, 'it').byName).toEqual({});
  });

  it('a copy: neither the input nor the defaults change', () => {
    const input = { name: 'a', inner: { list: [5] } };
    const result = validate(Shape, input, 'it');
    result.inner.list.push(6);
    validate(Shape, { name: 'b' }, 'it').inner.list.push(9);
    expect(input).toEqual({ name: 'a', inner: { list: [5] } });
    expect(validate(Shape, { name: 'b' }, 'it').inner.list).toEqual([1, 2]);
  });
});

describe('validate names', () => {
  it.each([
    [{}, 'name: expected text that fits ^[a-z]+$, got nothing'],
    [{ name: 'A' }, 'name: expected text that fits ^[a-z]+$, got "A"'],
    [{ name: 'a', size: 0 }, 'size: expected a whole number from 1 to 9, got 0'],
    [{ name: 'a', size: '3' }, 'size: expected a whole number from 1 to 9, got "3"'],
    [{ name: 'a', size: null }, 'size: expected a whole number from 1 to 9, got null'],
    [
      { name: 'a', sise: 3 },
      'sise: no such field; expected one of name, size, inner, byName, pair, kind; did you mean size?',
    ],
    [{ name: 'a', inner: { deep: {} } }, 'inner.deep: expected a number, got {}'],
    [{ name: 'a', inner: { list: [1, 'x'] } }, 'inner.list.1: expected a number, got "x"'],
    [{ name: 'a', inner: [] }, 'inner: expected fields (deep, list), got []'],
    [
      { name: 'a', byName: { A: {} } },
      'byName.A: no such field; expected a name of lower-case letters, digits, _ and -',
    ],
    [{ name: 'a', byName: { b: { on: 'yes' } } }, 'byName.b.on: expected true or false, got "yes"'],
    [{ name: 'a', pair: [1] }, 'pair: expected a list of 2, got [1]'],
    [{ name: 'a', pair: [1, 'b'] }, 'pair.1: expected a number, got "b"'],
    [{ name: 'a', kind: { type: 'cube' } }, 'kind.type: expected "round" or "flat", got "cube"'],
    [{ name: 'a', kind: { type: 'round' } }, 'kind.radius: expected a number, got nothing'],
    [{ name: 'a', kind: { type: 'flat', height: 1 } }, 'kind.height: no such field; expected one of type, width'],
    [7, 'the whole: expected fields (name, size, inner, byName, pair, kind), got 7'],
    [{ name: 'a', size: 'x'.repeat(99) }, /got "x{56}…$/],
    [{ name: 'a', deep: 1 }, /kind; did you mean inner\.deep\?$/],
    [{ name: 'a', inner: { size: 1 } }, /inner\.size: no such field; expected one of deep, list$/],
    [{ name: 'a', 'a/b~c': 1 }, 'a/b~c: no such field'],
  ])('in %o: %s', (value, message) => {
    expect(() => validate(Shape, value, 'it')).toThrow(InputError);
    expect(() => validate(Shape, value, 'it')).toThrow(message);
    expect(() => validate(Shape, value, 'it')).toThrow(/^it is not right:\n {2}/);
  });

  it('each wrong field once, on a line of its own, and no more than eight', () => {
    expect(errorsOf(Shape, { name: 1, size: 'x' })[0]).toMatch(/^inner: /);
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`x${i}`, 1]));
    expect(errorsOf(Type.Object({}, { additionalProperties: false }), many)).toHaveLength(8);
    const lines = errorsOf(Shape, validate(Shape, { name: 'a' }, 'it'));
    expect(lines).toEqual([]);
    expect(() => validate(Shape, { size: 0, pair: 1 }, 'it')).toThrow(
      'it is not right:\n  name: expected text that fits ^[a-z]+$, got nothing\n  size: expected a whole number from 1 to 9, got 0\n  pair: expected a list of 2, got 1',
    );
  });
});

describe('expected', () => {
  it.each([
    [Type.Integer(), 'a whole number'],
    [Type.Number({ minimum: 2 }), 'a number of at least 2'],
    [Type.Number({ maximum: 2 }), 'a number of at most 2'],
    [Type.Number({ exclusiveMinimum: 0 }), 'a number above 0'],
    [Type.String(), 'text'],
    [Type.String({ minLength: 1 }), 'text that is not empty'],
    [Type.String({ minLength: 1, maxLength: 9 }), 'text of 1 to 9 characters'],
    [Type.String({ maxLength: 9 }), 'text of at most 9 characters'],
    [Type.Array(Type.String()), 'a list'],
    [Type.Array(Type.String(), { minItems: 3, maxItems: 64 }), 'a list of at least 3 and at most 64'],
    [Type.Array(Type.String(), { minItems: 1 }), 'a list of at least 1'],
    [Type.Record(Type.String(), Type.String()), 'fields by name'],
    [Type.Union([Type.Literal('a'), Type.Literal(2)]), '"a" or 2'],
    [Type.Null(), 'another value'],
  ])('says %o in words', (schema, words) => {
    expect(expected(schema)).toBe(words);
  });

  it('lists fields, and not all of many', () => {
    const fields = (count: number) =>
      Type.Object(Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, Type.String()])));
    expect(expected(fields(2))).toBe('fields (f0, f1)');
    expect(expected(fields(9))).toBe('fields (f0, f1, f2, f3, f4, f5, f6, f7 …)');
  });
});
