import { describe, expect, it } from 'vitest';
import { readThrottling } from '../../../../devices/boards/board/throttling.ts';
import { tree } from '../../../support/folders.ts';
import { fakeProgram, onlyPrograms } from '../../../support/programs.ts';
import { garbage, hwmon, pcWithRapl, pi3BPlus, pi4, pi5, zero2W } from '../trees.ts';

const mute = async () => undefined;

describe('readThrottling', () => {
  it('asks vcgencmd first, which knows what was', async () => {
    const asked: string[] = [];
    const ask = async (question: string) => {
      asked.push(question);
      return 'throttled=0x50005\n';
    };
    expect(await readThrottling(tree(pi5), ask)).toEqual({
      now: ['under-voltage', 'throttled'],
      sinceBoot: ['under-voltage', 'throttled'],
    });
    expect(asked).toEqual(['get_throttled']);
  });

  it.each([
    ['0x0', [], []],
    ['0xe0000', [], ['frequency-capped', 'throttled', 'temperature-limit']],
    ['0xF000F', expect.objectContaining({ length: 4 }), expect.objectContaining({ length: 4 })],
    ['0x80000008', ['temperature-limit'], []],
  ])('takes throttled=%s apart', async (bits, now, sinceBoot) => {
    expect(await readThrottling(tree(pi4), async () => `throttled=${bits}`)).toEqual({ now, sinceBoot });
  });

  it('reads the kernel’s file where vcgencmd is not', async () => {
    expect(await readThrottling(tree(pi3BPlus), mute)).toEqual({
      now: ['under-voltage', 'throttled'],
      sinceBoot: null,
    });
    expect(await readThrottling(tree(zero2W), mute)).toEqual({ now: [], sinceBoot: null });
    const file = 'sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled';
    // What was a moment ago is told in the upper bits, once.
    for (const bits of ['20002\n', '20000\n', '2\n']) {
      const moved = tree({ ...pi5, [file]: bits });
      expect(await readThrottling(moved, mute)).toEqual({ now: ['frequency-capped'], sinceBoot: null });
    }
  });

  it('reads the alarm of the voltage where there is nothing else', async () => {
    expect(await readThrottling(tree(pi5), mute)).toEqual({ now: [], sinceBoot: null });
    const low = tree({ ...pi5, ...hwmon(3, 'rpi_volt', { in0_lcrit_alarm: 1 }) });
    expect(await readThrottling(low, mute)).toEqual({ now: ['under-voltage'], sinceBoot: null });
  });

  it('tells nothing where nothing is told, and asks only a Raspberry Pi', async () => {
    const never = () => Promise.reject(new Error('asked'));
    expect(await readThrottling(tree(pcWithRapl), never)).toBeUndefined();
    expect(await readThrottling(tree({}), never)).toBeUndefined();
    const onPi = tree({ ...garbage, 'proc/device-tree/model': 'Raspberry Pi 4 Model B Rev 1.4\0' });
    expect(await readThrottling(onPi, async () => 'error=1 error_msg="Command not registered"')).toBeUndefined();
  });

  it('starts the program with the question as its only argument', async () => {
    const { runs } = fakeProgram('vcgencmd', 'console.log("throttled=0x2");');
    expect(await readThrottling(tree(pi4))).toEqual({ now: ['frequency-capped'], sinceBoot: [] });
    expect(runs()).toEqual([['get_throttled']]);
  });

  it('does without the program', async () => {
    onlyPrograms();
    expect(await readThrottling(tree(pi3BPlus))).toMatchObject({ sinceBoot: null });
  });
});
