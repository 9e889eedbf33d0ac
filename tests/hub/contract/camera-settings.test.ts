import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { maxCommandBytes, settingTopics } from '../../../sdk/hub/contract/camera-settings.ts';
import { FakeCamera } from '../../support/hub.ts';

const onOff = ['enabled', 'detect', 'motion_gate', 'snapshots', 'learn'];
const shares = ['threshold', 'motion_sensitivity'];

describe('settings over MQTT', () => {
  it('are these', () => {
    expect([...settingTopics.keys()].sort()).toEqual([...onOff, ...shares].sort());
  });

  it.each(onOff)('%s is told as it was set, and nothing else changes', async (name) => {
    const setting = settingTopics.get(name)!;
    for (const word of ['OFF', 'ON']) {
      const camera = new FakeCamera('door');
      await camera.change(setting.parse(word));
      expect(setting.format(camera.settings)).toBe(word);
      for (const other of settingTopics.values()) {
        if (other !== setting) expect(other.format(camera.settings)).toBe(other.format(new FakeCamera('x').settings));
      }
    }
  });

  it.each(shares)('%s takes any number from 0 to 1 and tells the same one', async (name) => {
    const setting = settingTopics.get(name)!;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1_000_000 }), async (millionths) => {
        const text = (millionths / 1e6).toFixed(6);
        expect(text.length).toBeLessThanOrEqual(maxCommandBytes);
        const camera = new FakeCamera('door');
        await camera.change(setting.parse(text));
        expect(Number(setting.format(camera.settings))).toBe(millionths / 1e6);
      }),
    );
  });

  it('takes or refuses any text, with an error that says what was expected', () => {
    fc.assert(
      fc.property(fc.constantFrom(...settingTopics.values()), fc.string(), (setting, text) => {
        try {
          setting.parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
          expect((error as Error).message).toMatch(/^expected .*, got /s);
        }
      }),
      { numRuns: 5000 },
    );
  });
});
