import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { bundled } from '../real/bundle.ts';

const subject = bundled('tests/linear/subject.ts', false);
/** It takes some seconds; with one pattern that takes the square of a text it would take days. */
const limitMs = 600_000;

it('every reader of text from outside takes time in proportion to the text', { timeout: 2 * limitMs }, async () => {
  const child = spawn(process.execPath, [subject], { stdio: ['ignore', 'pipe', 'inherit'], timeout: limitMs });
  let said = '';
  for await (const text of child.stdout) said += text;
  // The last line names the reader before the one that did not end.
  expect(said.trim().split('\n').at(-1)).toBe('done');
});
