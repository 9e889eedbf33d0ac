import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../../sdk/base/assets.ts';
import { buildKernels, packKernelsOfArm64 } from '../../../tools/setup/native.mjs';
import { hasProgram } from '../../support/needs.ts';

const canBuild = hasProgram('cmake') && hasProgram('g++');
const canCross = canBuild && hasProgram('aarch64-linux-gnu-g++') && hasProgram('qemu-aarch64-static');

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  return execFileSync(program, args, {
    cwd: packageRoot,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 26,
  });
}

/** Builds the checks of a folder, and its addon unless other tests may be using that; warnings are errors. */
function build(folder: string, targets: string[], ...settings: string[]): string {
  // A folder keeps the generator it began with.
  const isNew = !existsSync(join(packageRoot, folder, 'CMakeCache.txt'));
  const generator = isNew && hasProgram('ninja') ? ['-G', 'Ninja'] : [];
  run('cmake', ['-S', '.', '-B', folder, ...generator, '-DOCELLUS_STRICT=ON', ...settings]);
  run('cmake', ['--build', folder, '--target', ...targets]);
  return join(packageRoot, folder);
}

const listed = [
  ...readFileSync(join(packageRoot, 'sdk/kernels/variants.def'), 'utf8').matchAll(/^KERNEL\((\w+), (\w+)\)/gm),
].map(([, operation, isa]) => ({ operation, isa }));

/** The instruction sets that kernels-check found, of those it was built with. */
const variantsOf = (said: string) => said.match(/^variants: (.+)$/m)![1]!.split(' ');

/** What kernels-check said: nothing differed, and each variant of the list that this processor has, or of those wanted, was run. */
function expectAllRan(said: string, wanted?: readonly string[]): void {
  expect(said).toMatch(/^[1-9]\d+ comparisons, 0 failures$/m);
  const offered = wanted ?? variantsOf(said);
  const ran = [...said.matchAll(/^ran (\w+ \w+)$/gm)].map(([, what]) => what);
  const expected = listed
    .filter(({ isa }) => offered.includes(isa!))
    .map(({ operation, isa }) => `${operation} ${isa}`);
  expect(ran.sort()).toEqual(expected.sort());
}

/** Symbols of other libraries: only of glibc up to 2.28, and none of the C++ run-time library. */
function expectOldGlibcOnly(objdump: string, addon: string): void {
  const undefined_ = run(objdump, ['-T', addon])
    .split('\n')
    .filter((line) => line.includes('*UND*'));
  expect(undefined_.some((line) => line.includes('napi_create_function'))).toBe(true);
  const versions = undefined_.flatMap(
    (line) =>
      line
        .match(/\(?GLIBC_(\d+)\.(\d+)/)
        ?.slice(1)
        .map(Number) ?? [],
  );
  expect(versions.length).toBeGreaterThan(0);
  for (let i = 0; i < versions.length; i += 2) {
    expect(versions[i]! * 1000 + versions[i + 1]!).toBeLessThanOrEqual(2028);
  }
  // __cxa_finalize is glibc's.
  const names = undefined_.map((line) => line.trim().split(/\s+/).at(-1)!);
  expect(names.filter((name) => /^_Z|^__cxa_(?!finalize$)|^__gxx|^_Unwind/.test(name))).toEqual([]);
}

describe.skipIf(!canBuild)('native kernels of this machine (needs cmake, g++)', () => {
  let folder: string;
  beforeAll(() => {
    // As `npm test` has built it: nothing is compiled twice.
    expect(buildKernels({ strict: true })).toBe(true);
    folder = build('build', ['kernels-check']);
  }, 1_800_000);

  it('give what the scalar reference gives, in every variant', () => {
    expectAllRan(run(join(folder, 'kernels-check'), []));
  });

  it.skipIf(!hasProgram('objdump'))('need no glibc above 2.28 and no C++ library', () => {
    expectOldGlibcOnly('objdump', join(folder, 'ocellus-kernels.node'));
  });
});

describe.skipIf(!canBuild)('native kernels under the sanitizers (needs cmake, g++)', () => {
  let folder: string;
  let offered: string[];
  beforeAll(() => {
    // Only what this processor can run is compiled once more.
    const here = build('build', ['kernels-check']);
    offered = variantsOf(run(join(here, 'kernels-check'), ['scalar']));
    const missing = listed.map(({ isa }) => isa!).filter((isa) => /^a[vm]x/.test(isa) && !offered.includes(isa));
    const without = [...new Set(missing)].map((isa) => `-DOCELLUS_HAS_${isa}=OFF`);
    folder = build('build/check-sanitized', ['addon', 'kernels-check'], '-DOCELLUS_SANITIZE=ON', ...without);
  }, 1_800_000);

  it('read and write nothing that is not theirs, and do nothing undefined', () => {
    expectAllRan(run(join(folder, 'kernels-check'), []), offered);
  });

  it('stay within the arrays of JavaScript, whatever is passed', () => {
    const library = (name: string) => realpathSync(run('g++', [`-print-file-name=${name}`]).trim());
    const fuzz = join(packageRoot, 'tests/kernels/fuzz.mjs');
    const said = run(process.execPath, [fuzz, join(folder, 'ocellus-kernels.node'), String(Date.now() % 1e6), '1500'], {
      LD_PRELOAD: `${library('libasan.so')} ${library('libubsan.so')}`,
      // Node itself lets its memory go with the process.
      ASAN_OPTIONS: 'detect_leaks=0',
    });
    expect(JSON.parse(said).returned).toBeGreaterThan(1000);
  });
});

describe.skipIf(!canCross)('native kernels of the boards (needs g++-aarch64-linux-gnu, qemu-user-static)', () => {
  let folder: string;
  beforeAll(() => {
    expect(packKernelsOfArm64({ strict: true })).toBe(true);
    folder = build('build/arm64', ['kernels-check']);
  }, 1_800_000);

  // Pi 3 and Pi 4, whose instructions are the same; Pi 5. Each variant once, on the least processor that has it.
  it.each([
    ['cortex-a72', ['scalar', 'neon']],
    ['cortex-a76', ['neon_dotprod']],
  ])('give what the scalar reference gives on a %s: %j', (cpu, wanted) => {
    const said = run('qemu-aarch64-static', ['-cpu', cpu, join(folder, 'kernels-check'), ...wanted]);
    expectAllRan(said, wanted);
    expect(said).toMatch(cpu === 'cortex-a76' ? /^variants: scalar neon neon_dotprod$/m : /^variants: scalar neon$/m);
  });

  it.skipIf(!hasProgram('aarch64-linux-gnu-objdump'))('need no glibc above 2.28 and no C++ library', () => {
    expectOldGlibcOnly('aarch64-linux-gnu-objdump', join(folder, 'ocellus-kernels.node'));
  });
});
