import { describe, expect, it } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { optionsOf } from '../../../tools/bench/track/options.ts';
import { descend } from '../../../tools/bench/track/tune.ts';

describe('the options of bench:track', () => {
  it('report by default', () => {
    expect(optionsOf([])).toMatchObject({ seeds: 'report', quick: false, only: undefined });
    expect(optionsOf(['--seeds', 'choose', '--quick', '--only', 'ours'])).toMatchObject({
      seeds: 'choose',
      quick: true,
      only: 'ours',
    });
  });

  it.each([
    [['--seeds', 'all'], /--seeds: expected choose or report, got "all"/],
    [['--seeds', 'toString'], /--seeds: expected choose or report/],
    [['--only', 'nothing'], /--only: expected ours, .*, got "nothing"/],
    [['--only', 'tune'], /--only tune: expected --seeds choose/],
    [['--fast'], /Unknown option '--fast'.*Known: --seeds/],
    [['report'], /Unexpected argument 'report'/],
    [['--seeds'], /argument missing/],
  ] as const)('refuse %j', (args, message) => {
    expect(() => optionsOf(args)).toThrow(InputError);
    expect(() => optionsOf(args)).toThrow(message);
  });
});

it('the settings of the others are found one after the other, and never worse than their own', async () => {
  const asked: string[] = [];
  const found = await descend({ a: [1, 2, 3], b: [1, 5] }, 2, async (trials) => {
    asked.push(...trials.map((one) => JSON.stringify(one)));
    return trials.map(({ a, b }) => 50 - (Number(a) - 3) ** 2 - (Number(b) - 5) ** 2);
  });
  expect(found).toMatchObject({ best: { a: 3, b: 5 }, value: 50, byDefault: 30 });
  // None twice.
  expect(new Set(asked).size).toBe(asked.length);
  expect(found.trials).toBe(asked.length);
  const flat = await descend({ a: [1, 2] }, 1, async (trials) => trials.map(() => 7));
  expect(flat.best).toEqual({ a: 1 });
});
