import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { pathsOf } from '../../../tools/bench/arm/paths.ts';
import { buildCounter, takesPlugins } from '../../../tools/bench/arm/programs.ts';
import { type Trace, trace } from '../../../tools/bench/arm/trace.ts';
import { hasProgram } from '../../support/needs.ts';

const qemu = 'qemu-aarch64';
const isPossible = hasProgram('g++') && hasProgram('aarch64-linux-gnu-g++') && takesPlugins();

/** A loop of two instructions, a thousand turns in the first frame and another number in the second, in two threads at once. */
const source = `
#include <cstdlib>
#include <thread>
#include "scene.h"
__attribute__((noinline)) static void turn(long times) { asm volatile("1: subs %0, %0, #1\\n\\tb.ne 1b" : "+r"(times) : : "cc"); }
int main(int count, char** words) {
  if (count != 2) return std::atoi(words[2]);
  long times = 1000;
  scene::twice([&] {
    std::thread other([&] { turn(times); });
    turn(times);
    other.join();
    times = std::atol(words[1]);
  });
  std::puts("done");
}
`;
const turns = 200_000;

describe.skipIf(!isPossible)('the blocks of a program (needs g++-aarch64-linux-gnu, qemu-user with plugins)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-test-'));
  const program = join(folder, 'program');
  let counter: string;
  let counted: Trace | undefined;
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeAll(async () => {
    counter = buildCounter(folder);
    writeFileSync(`${program}.cpp`, source);
    const options = ['-O1', '-std=c++17', '-no-pie', '-static', '-pthread', `-I${asset('tools', 'bench', 'arm')}`];
    execFileSync('aarch64-linux-gnu-g++', [...options, `${program}.cpp`, '-o', program]);
    counted = await trace({ qemu, counter }, ['-cpu', 'cortex-a53'], [program, String(turns)]);
  }, 120_000);

  test('are counted in its second frame only, in all its threads', () => {
    const loop = counted!.blocks.filter(({ count }) => count > turns);
    expect(loop).toHaveLength(1);
    const [{ words, count, next }] = loop as [Trace['blocks'][number]];
    expect(words).toHaveLength(2);
    expect(count).toBe(2 * turns);
    // But for the last turn of each thread.
    expect(next.get(loop[0]!)).toBe(2 * (turns - 1));
    expect(counted!.stdout).toBe('done\n');
  });

  test('make paths, of which a loop is one', () => {
    const [first] = pathsOf(counted!.blocks);
    expect(first!.words).toHaveLength(2);
    expect(first!.count).toBe(2 * turns);
  });

  test('are none where it has no such job, and an error with what it said where it fails', async () => {
    expect(await trace({ qemu, counter }, [], [program, 'as', '3'])).toBeUndefined();
    await expect(trace({ qemu, counter }, [], [program, 'as', '4'])).rejects.toThrow('ended with 4');
    await expect(trace({ qemu, counter }, [], [program, 'as', '0'])).rejects.toThrow();
  });
});
