import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { InputError } from '../../sdk/base/errors.ts';
import { oneLine, printError, progress, table } from '../../tools/shared/output.ts';

afterEach(() => void vi.restoreAllMocks());

describe('table', () => {
  it('aligns columns and leaves no blanks at the end', () => {
    expect(
      table([
        ['NAME', 'AP'],
        ['a longer one', ''],
        ['b', '0.3'],
      ]),
    ).toBe('NAME          AP\na longer one\nb             0.3');
  });
});

describe('oneLine', () => {
  it('shows what would forge a line, or another look of it', () => {
    expect(oneLine('a\nb\r\x1b[2K\u2028\u202ec\u0085')).toBe('a\\nb\\u000d\\u001b[2K\\u2028\\u202ec\\u0085');
    expect(oneLine('Tür 猫 🐈')).toBe('Tür 猫 🐈');
  });

  it('leaves one line of any text, without control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(oneLine(text)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe('printError', () => {
  it('shows no password of a source that was given where a file belongs', () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    const before = process.argv;
    process.argv = ['node', 'ocellus', 'detect', 'rtsp:/me:my hunter2@door/1'];
    printError(new InputError('/home/rtsp:/me:my hunter2@door/1: there is no such file; http://a:b2@c'));
    process.argv = before;
    expect(printed.mock.calls).toEqual([['error /home/rtsp:***@door/1: there is no such file; http://a:***@c']]);
  });

  it('prints the message, and a stack only of our own faults and only when asked', () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    printError(new InputError('wrong'));
    printError('text');
    vi.stubEnv('OCELLUS_DEBUG', '1');
    printError(new InputError('wrong again'));
    printError(new InputError('two\nlines\x1b[2K'));
    expect(printed.mock.calls).toEqual([
      ['error wrong'],
      ['error text'],
      ['error wrong again'],
      ['error two\nlines\\u001b[2K'],
    ]);
    printError(new Error('ours'));
    expect(printed.mock.calls.at(-1)![0]).toMatch(/^Error: ours\n {4}at /);
    vi.unstubAllEnvs();
  });
});

describe('progress', () => {
  it('draws on a terminal only', () => {
    const written = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
    const before = process.stderr.isTTY;
    process.stderr.isTTY = false;
    progress('x', 10).step();
    expect(written).not.toHaveBeenCalled();
    process.stderr.isTTY = true;
    const bar = progress('eval', 2);
    bar.step();
    expect(written.mock.calls.at(-1)![0]).toBe(`\reval ${'█'.repeat(15)}${'░'.repeat(15)} 1/2`);
    bar.done();
    expect(written.mock.calls.at(-1)![0]).toBe('\r\x1b[2K');
    process.stderr.isTTY = before;
  });
});
