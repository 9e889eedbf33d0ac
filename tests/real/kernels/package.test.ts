import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../../sdk/base/assets.ts';
import { photo } from '../../cli/cli.ts';
import { hasProgram } from '../../support/needs.ts';

const needed = ['cmake', 'g++', 'npm'];
const possible = process.platform === 'linux' && needed.every(hasProgram);
const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
const name = `@ocellus/kernels-linux-${process.arch}`;

describe.skipIf(!possible)(`the package of the kernels (needs ${needed.join(', ')})`, () => {
  let folder: string;
  let tarball: string;

  function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
    return execFileSync(program, args, {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, ...env },
      stdio: 'pipe',
    });
  }

  /** Which kernels an ocellus installed in the folder uses. */
  function used(env: NodeJS.ProcessEnv = {}): string {
    const script = `import('${folder}/dist/sdk/kernels/kernels.js').then(({ kernels }) => console.log(kernels.name))`;
    return run(process.execPath, ['-e', script], { OCELLUS_KERNELS: '', OCELLUS_KERNELS_FILE: '', ...env }).trim();
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ocellus-package-'));
    const pack = `import { packKernelsOfHere } from '${packageRoot}/tools/setup/native.mjs'; process.exit(packKernelsOfHere() ? 0 : 1);`;
    run(process.execPath, ['--input-type=module', '-e', pack]);
    tarball = join(packageRoot, 'build', 'packages', `ocellus-kernels-linux-${process.arch}-${version}.tgz`);
    // The main package as it would be installed, as far as the kernels go: no build, and no packages yet.
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'ocellus', version, type: 'module', private: true }),
    );
    mkdirSync(join(folder, 'node_modules'));
    const compile = [
      '-p',
      'tsconfig.build.json',
      '--outDir',
      join(folder, 'dist'),
      '--declaration',
      'false',
      '--noCheck',
    ];
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', ...compile], { cwd: packageRoot });
  }, 1_800_000);

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('is not missed: the twins do the work without it', () => {
    expect(used()).toBe(`TypeScript (the package ${name} is not installed)`);
  });

  it('is found once it is installed, from its tarball alone', () => {
    run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', tarball]);
    expect(used()).toMatch(/^native \w+$/);
    expect(used({ OCELLUS_KERNELS: 'scalar' })).toBe('native scalar');
    const file = join(folder, 'node_modules', name, 'ocellus-kernels.node');
    expect(used({ OCELLUS_KERNELS_FILE: file })).toMatch(/^native \w+$/);
    expect(() => used({ OCELLUS_KERNELS_FILE: join(folder, 'none.node') })).toThrow('none.node cannot be loaded');
  });

  it.skipIf(!hasProgram('pkg-config'))('brings the C library, as pkg-config says (needs pkg-config)', async () => {
    const env = { PKG_CONFIG_PATH: join(folder, 'node_modules', name, 'lib', 'pkgconfig') };
    expect(run('pkg-config', ['--modversion', 'ocellus'], env).trim()).toBe(version);
    const flags = run('pkg-config', ['--cflags', '--libs', 'ocellus'], env).trim().split(' ');
    run('cc', ['-Wall', '-Werror', join(packageRoot, 'samples', 'c', 'detect.c'), ...flags, '-o', 'detect']);
    const picture = join(folder, 'cat.ppm');
    const { data, info } = await sharp(photo('cat.jpg')).raw().toBuffer({ resolveWithObject: true });
    writeFileSync(picture, Buffer.concat([Buffer.from(`P6 ${info.width} ${info.height} 255\n`), data]));
    const card = join(packageRoot, 'sdk', 'models', 'yolox-nano-416-int8.card.json');
    expect(run(join(folder, 'detect'), [card, picture])).toMatch(/^0\.\d+ .* cat$/m);
  });
});
