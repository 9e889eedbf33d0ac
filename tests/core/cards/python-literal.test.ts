import { describe, expect, it } from 'vitest';
import { parsePythonLiteral } from '../../../sdk/core/cards/python-literal.ts';

describe('parsePythonLiteral', () => {
  // Left what `repr` of Python 3.11 prints (and of Python 2, with a u), right what it is.
  it.each([
    ["'caf\\xe9\\xa0bar'", 'café\u00a0bar'],
    ["'café\\xa0bar'", 'café\u00a0bar'],
    ["'a\\\\b\\t\"q\\''", 'a\\b\t"q\''],
    ['"dog\'s bed"', "dog's bed"],
    ["u'\\u65e5\\u672c'", '日本'],
    ["'\\U0001f63a cat'", '😺 cat'],
    ["'\\ud800'", '\ud800'],
    ["'a\\nb\\rc\\x07\\x00\\0\\101'", 'a\nb\rc\x07\0\0A'],
    ["r'a\\n'", 'a\\n'],
    ["'\\d'", '\\d'],
    ["'one ' 'text'", 'one text'],
    ["'# no comment: {}[],'", '# no comment: {}[],'],
    ["''", ''],
    ['0', 0],
    ['-1.5e3', -1500],
    ['.5', 0.5],
    ['1_000', 1000],
    ['True', true],
    ['None', null],
    ['[]', []],
    ['()', []],
    ['(320, 640)', [320, 640]],
    ['(320,)', [320]],
    ['(320)', 320],
    ['[1, [2, (3, 4)],]', [1, [2, [3, 4]]]],
  ])('reads %s', (text, value) => expect(parsePythonLiteral(text)).toEqual(value));

  it('reads dicts, whatever stands in them', () => {
    const text = ` {0: 'a', "b": {1: [True, None]},\n 2 : 'it\\'s: {2: \\'x\\'}', } `;
    expect(parsePythonLiteral(text)).toEqual(
      new Map<string | number, unknown>([
        [0, 'a'],
        ['b', new Map([[1, [true, null]]])],
        [2, "it's: {2: 'x'}"],
      ]),
    );
    expect(parsePythonLiteral('{}')).toEqual(new Map());
  });

  it.each([
    ['', 'expected a value at character 1, got the end'],
    ["{0: 'a'", 'expected a comma or } at character 8, got the end'],
    ["{0 'a'}", "expected a colon at character 4, got 'a'}"],
    ['{[1]: 2}', 'expected a key that is a text or a number'],
    ["'a", "expected the text to end with '"],
    ["'\\x4'", 'expected 2 hex digits after \\x'],
    ["'\\U00110000'", 'expected 8 hex digits after \\U'],
    ['[1 2]', 'expected a comma or ] at character 4, got 2]'],
    ['1 2', 'expected the end at character 3, got 2'],
    ['true', 'expected a value'],
    ["__import__('os')", 'expected a value at character 1'],
    ['open', 'expected a value'],
    ['0: cat\n1: dog', 'expected the end at character 2'],
    ['['.repeat(30), 'expected lists and dicts nested at most 16 deep'],
  ])('refuses %s', (text, message) => {
    expect(() => parsePythonLiteral(text)).toThrow(SyntaxError);
    expect(() => parsePythonLiteral(text)).toThrow(message);
  });
});
