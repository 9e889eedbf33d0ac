import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';

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
