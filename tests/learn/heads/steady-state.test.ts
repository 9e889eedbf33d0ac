import { expect, it } from 'vitest';
import { SteadyState, type SteadyStateOptions } from '../../../sdk/learn/heads/steady-state.ts';

/** The states after each answer, one a second; t is tidy, u untidy, ? unknown, ~ tidy but hardly. */
function states(answers: string, options?: SteadyStateOptions, gapMs = 1000): string {
  const steady = new SteadyState(options);
  return [...answers]
    .map((answer, i) => {
      const label = { t: 'tidy', u: 'untidy', '?': 'unknown', '~': 'tidy' }[answer]!;
      const before = steady.state;
      const changed = steady.update({ label, score: answer === '~' ? 0.5 : 0.9 }, i * gapMs);
      expect(changed).toBe(steady.state !== before);
      return steady.state === 'unsure' ? '-' : steady.state[0];
    })
    .join('');
}

it.each([
  ['is unsure until it has seen enough', 'tttttttt', '-----ttt', undefined],
  ['one odd answer changes nothing', 'ttttttuttttt', '-----ttttttt', undefined],
  ['answers that change all the time change nothing', 'ttttttutututut', '-----ttttttttt', undefined],
  ['another state needs as much', 'ttttttuuuuuuu', '-----ttttttuu', undefined],
  ['what it does not know makes it unsure, in time', 'tttttt???????', '-----tttttt--', undefined],
  ['a low chance is unsure', 'tttttt~~~~~~~', '-----tttttt--', undefined],
  ['few answers over a long time are too few', 'tu', '--', { seconds: 0, answers: 2 }],
  ['as it is set', 'ttuu', '-ttu', { seconds: 0, answers: 2 }],
])('%s', (_, answers, expected, options) => {
  expect(states(answers, options)).toBe(expected);
});

it('needs the answers as well as the seconds', () => {
  expect(states('ttt', undefined, 60_000)).toBe('--t');
});

it('a clock that is set back starts the count again', () => {
  const steady = new SteadyState({ answers: 2, seconds: 5 });
  const tidy = { label: 'tidy', score: 1 };
  steady.update(tidy, 10_000);
  expect(steady.update(tidy, 0)).toBe(false);
  expect(steady.update(tidy, 4000)).toBe(false);
  expect(steady.update(tidy, 5000)).toBe(true);
});

it('is decided, unsure too, once it was seen for long enough, and stays so', () => {
  for (const label of ['tidy', 'unknown']) {
    const steady = new SteadyState();
    const decided = Array.from({ length: 8 }, (_, i) => {
      // On a clock of our time: the first answer counts from when it came.
      steady.update({ label, score: 0.9 }, 1.8e12 + i * 1000);
      return steady.isDecided;
    });
    expect(decided).toEqual([...Array(5).fill(false), true, true, true]);
    expect(steady.isSettled).toBe(true);
    steady.update({ label: 'untidy', score: 0.9 }, 1.8e12 + 9000);
    expect([steady.isDecided, steady.isSettled]).toEqual([true, false]);
  }
});
