import { describe, expect, it } from 'vitest';
import { withMaskedSource, withoutMaskedSource } from '../../sdk/config/masked-source.ts';
import { CameraSettings } from '../../sdk/config/schema.ts';
import { validate } from '../../sdk/config/validate.ts';

const settings = validate(
  CameraSettings,
  {
    source: 'rtsp://me:hunter2@door/sub',
    substream: 'rtsp://me:hunter4@door/least',
    snapshots: { source: 'rtsp://me:hunter3@door/main' },
  },
  'camera',
);

describe('settings for others to see', () => {
  it('have no password in them', () => {
    const shown = withMaskedSource(settings);
    expect(shown.source).toBe('rtsp://me:***@door/sub');
    expect(shown.substream).toBe('rtsp://me:***@door/least');
    expect(shown.snapshots.source).toBe('rtsp://me:***@door/main');
    expect(JSON.stringify(shown)).not.toContain('hunter');
  });

  it('come back as they were shown for no change of the sources', () => {
    const { source: _, substream: ___, ...rest } = withMaskedSource(settings);
    const back = withoutMaskedSource(withMaskedSource(settings), settings);
    const { source: __, ...snapshots } = rest.snapshots;
    expect(back).toEqual({ ...rest, snapshots });
  });

  it.each([
    [{ source: 'rtsp://me:***@window/sub' }, /^source: the password is not shown/],
    [{ substream: 'rtsp://me:***@door/sub' }, /^substream: the password is not shown/],
    [{ snapshots: { source: 'rtsp://me:***@door/sub' } }, /^snapshots\.source: the password is not shown/],
  ])('are refused with a masked password that was another one: %j', (change, message) => {
    expect(() => withoutMaskedSource(change, settings)).toThrow(message);
  });

  it('leave what is new, and what is wrong, to the check of the fields', () => {
    const change = { source: 'scene:', snapshots: { source: '', height: 100 } };
    expect(withoutMaskedSource(change, settings)).toEqual(change);
    for (const wrong of [null, [], 'on']) {
      expect(withoutMaskedSource({ snapshots: wrong } as never, settings)).toEqual({ snapshots: wrong });
    }
  });
});
