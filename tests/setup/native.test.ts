import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';

describe('npm start', () => {
  it('goes on without a compiler, and says so in two lines', () => {
    // As in a checkout that is built: nothing but the kernels is left to do.
    const script = asset('tools', 'setup', 'start.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
      encoding: 'utf8',
      env: { PATH: '/nonexistent' },
    });
    expect(`${stdout}${stderr}`.trim().split('\n')).toEqual([
      'The native kernels are not built; install what they need: sudo apt-get install cmake g++ ninja-build',
      'Ocellus runs without them: the networks in onnxruntime, the rest in TypeScript.',
    ]);
    expect(status).toBe(0);
  });

  it('builds the kernels before it runs the product', () => {
    const { scripts } = JSON.parse(readFileSync(asset('package.json'), 'utf8'));
    expect(scripts.start).toBe('node tools/setup/start.mjs && exec bin/ocellus.js run');
  });
});

describe('npm run kernels', () => {
  it('says what is missing and how to install it', () => {
    const script = `import { buildKernels } from '${asset('tools', 'setup', 'native.mjs')}'; process.exit(buildKernels() ? 0 : 3);`;
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      env: { PATH: '/nonexistent' },
    });
    expect(stderr.trim()).toBe(
      'The native kernels are not built; install what they need: sudo apt-get install cmake g++ ninja-build',
    );
    expect(status).toBe(3);
  });
});
