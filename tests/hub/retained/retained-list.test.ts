import { describe, expect, it } from 'vitest';
import { RetainedList } from '../../../sdk/hub/retained/retained-list.ts';

describe('the list of what the broker retains', () => {
  // Node's own recursive mkdir never ends there, and a node that stops waits for the list.
  it.skipIf(process.platform !== 'linux')('says that it cannot be kept below /proc, and stops', async () => {
    const warnings: string[] = [];
    const list = new RetainedList({
      file: '/proc/nope/ocellus/retained.json',
      logger: { debug() {}, info() {}, warn: (text) => warnings.push(text), error() {} },
      now: () => new Map([['ocellus/porch/status', null]]),
      isSettled: () => true,
    });
    list.changed();
    await list.stop();
    expect(warnings.join()).toContain('/proc/nope cannot be made: the system takes no folder there');
  });
});
