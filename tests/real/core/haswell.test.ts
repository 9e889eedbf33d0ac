import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { ocellus, photo } from '../../cli/cli.ts';
import { hasProgram } from '../../support/needs.ts';

const run = promisify(execFile);
const isPossible = process.arch === 'x64' && hasProgram('qemu-x86_64-static');

describe.skipIf(!isPossible)('on x86 without VNNI (needs qemu-user-static, x64)', () => {
  // There the products of two weights are summed in 16 bits, and what does not fit is saturated.
  it('the classifier says to the last digit what it says here', async () => {
    const args = ['classify', '--json', '--top', '5', photo('cat.jpg'), photo('cup.jpg')];
    const emulated = ['-cpu', 'Haswell', process.execPath, asset('bin', 'ocellus.js'), ...args];
    const { stdout } = await run('qemu-x86_64-static', emulated);
    expect(stdout.split('\n')).toHaveLength(11);
    expect(stdout).toBe((await ocellus(args)).out);
  }, 1_800_000);
});
