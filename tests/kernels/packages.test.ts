import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';

const read = (...parts: string[]) => JSON.parse(readFileSync(asset(...parts, 'package.json'), 'utf8'));

describe.each(['x64', 'arm64'])('the package of the kernels for linux-%s', (arch) => {
  it('has the version of the main package, and is for this platform only', () => {
    const { version, license } = read();
    expect(read('sdk', 'kernels', 'packages', `linux-${arch}`)).toMatchObject({
      name: `@ocellus/kernels-linux-${arch}`,
      version,
      license,
      os: ['linux'],
      cpu: [arch],
      libc: ['glibc'],
    });
  });
});
