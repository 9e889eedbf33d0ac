import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
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
