import { defineConfig } from 'vitest/config';
import { Order } from './tests/support/order.ts';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // Stand-ins for programs are asked, also where the native source is built; that has tests of its own.
    env: { OCELLUS_LIBCAMERA: 'program' },
    // Tests wait for what they expect, however long that takes on a slow or busy machine: these are for what hangs.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    expect: { poll: { timeout: 120_000 } },
    sequence: { sequencer: Order },
    // One more than two cores: most of the time of the longest files is waiting, for a scene, a broker that comes back or a guest.
    maxWorkers: 3,
    coverage: {
      provider: 'v8',
      include: ['sdk/**/*.ts', 'devices/**/*.ts', 'tools/**/*.ts'],
      exclude: ['tools/console/web/**', 'tools/bench/**', '**/*.d.ts'],
      reporter: ['text-summary', 'html'],
    },
  },
});
