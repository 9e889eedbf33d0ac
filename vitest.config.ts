import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // Stand-ins for programs are asked, also where the native source is built; that has tests of its own.
    env: { OCELLUS_LIBCAMERA: 'program' },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // The default of one second is too short on a machine that is busy.
    expect: { poll: { timeout: 20_000 } },
    // Two cores: more workers would only make the parts that talk to real processes wait for each other.
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['sdk/**/*.ts', 'devices/**/*.ts', 'tools/**/*.ts'],
      exclude: ['tools/console/web/**', 'tools/bench/**', '**/*.d.ts'],
      reporter: ['text-summary', 'html'],
    },
  },
});
