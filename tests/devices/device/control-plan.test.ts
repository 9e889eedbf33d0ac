import { describe, expect, it } from 'vitest';
import { planControls } from '../../../devices/device/control-plan.ts';
import type { ControlValues } from '../../../devices/device/device.ts';
import { parseControls } from '../../../devices/v4l2/controls.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { listed } from '../v4l2/listing.ts';

const webcam = parseControls(listed('uvc-controls.txt'));
const olderWebcam = parseControls(
  listed('uvc-controls.txt')
    .replaceAll('auto_exposure', 'exposure_auto')
    .replaceAll('exposure_time_absolute', 'exposure_absolute')
    .replaceAll('white_balance_automatic', 'white_balance_temperature_auto'),
);
const plan = (values: ControlValues, known = webcam) => Object.entries(Object.fromEntries(planControls(known, values)));

describe('parseControls', () => {
  it('reads numbers, switches and menus, and leaves out what cannot be set here', () => {
    const byName = Object.fromEntries(parseControls(listed('vivid-controls.txt')).map((one) => [one.name, one]));
    expect(byName.brightness).toEqual({
      name: 'brightness',
      kind: 'integer',
      value: 128,
      default: 128,
      min: 0,
      max: 255,
      step: 1,
      inactive: false,
      readOnly: false,
    });
    expect(byName.hue).toMatchObject({ min: -128, max: 128 });
    expect(byName.horizontal_flip).toMatchObject({ kind: 'boolean', value: 0, min: 0, max: 1 });
    expect(byName.gain).toMatchObject({ inactive: true, value: 14 });
    expect(byName.menu).toMatchObject({
      kind: 'menu',
      value: 3,
      choices: { 1: 'Menu Item 1', 3: 'Menu Item 3', 4: 'Menu Item 4' },
    });
    expect(byName.integer_menu!.choices).toMatchObject({ 4: '5 (0x5)', 8: '42 (0x2a)' });
    expect(byName.read_only_integer_32_bits).toMatchObject({ readOnly: true });
    expect(byName.test_pattern!.choices![0]).toBe('75% Colorbar');
    for (const name of ['button', 'disconnect', 'string', 'bitmask', 'area', 'u8_pixel_array', 'integer_64_bits']) {
      expect(byName[name], name).toBeUndefined();
    }
  });

  it('makes nothing of what is no list', () => {
    expect(parseControls('Cannot open device /dev/video9, exiting.\n\t\t\t\t0: Disabled\n')).toEqual([]);
  });
});

describe('planControls', () => {
  it('takes numbers, true and false, and a choice by number or words', () => {
    expect(plan({ brightness: 140 })).toEqual([['brightness', 140]]);
    expect(plan({ white_balance_automatic: false })).toEqual([['white_balance_automatic', 0]]);
    expect(plan({ backlight_compensation: 1, exposure_dynamic_framerate: 0 })).toEqual([
      ['exposure_dynamic_framerate', 0],
      ['backlight_compensation', 1],
    ]);
    for (const choice of [1, '1', '50 Hz', '50 hz'])
      expect(plan({ power_line_frequency: choice })).toEqual([['power_line_frequency', 1]]);
    expect(plan({ pan_absolute: -32400 })).toEqual([['pan_absolute', -32400]]);
  });

  it('switches the automatic off that would make a value idle, before it sets the value', () => {
    expect(plan({ exposure_time_absolute: 100 })).toEqual([
      ['auto_exposure', 1],
      ['exposure_time_absolute', 100],
    ]);
    expect(plan({ focus_absolute: 30, white_balance_temperature: 4600, brightness: 1 })).toEqual([
      ['focus_automatic_continuous', 0],
      ['white_balance_automatic', 0],
      ['focus_absolute', 30],
      ['white_balance_temperature', 4600],
      ['brightness', 1],
    ]);
    expect(plan({ exposure_absolute: 100, white_balance_temperature: 4600 }, olderWebcam)).toEqual([
      ['exposure_auto', 1],
      ['white_balance_temperature_auto', 0],
      ['exposure_absolute', 100],
      ['white_balance_temperature', 4600],
    ]);
    // No automatic rules it here.
    expect(plan({ gain: 10 })).toEqual([['gain', 10]]);
  });

  it('sets an automatic that is asked for first, wherever it stands', () => {
    expect(plan({ exposure_time_absolute: 100, auto_exposure: 'Manual Mode' })).toEqual([
      ['auto_exposure', 1],
      ['exposure_time_absolute', 100],
    ]);
  });

  it.each<[ControlValues, RegExp]>([
    [{ exposure: 100 }, /^controls\.exposure: this camera has no such control; expected one of brightness, contrast, /],
    [{ camera_model: 1 }, /^controls\.camera_model: it can only be read; expected one of brightness, /],
    [{ brightness: 256 }, /^controls\.brightness: expected a whole number from 0 to 255, got 256$/],
    [{ brightness: 1.5 }, /whole number from 0 to 255, got 1\.5$/],
    [{ brightness: '100' }, /whole number from 0 to 255, got "100"$/],
    [{ brightness: true }, /whole number from 0 to 255, got true$/],
    [{ brightness: '1 --set-ctrl=gain=1' }, /whole number from 0 to 255/],
    [{ focus_absolute: 7 }, /whole number from 0 to 250 in steps of 5, got 7$/],
    [{ white_balance_automatic: 2 }, /expected true or false, got 2$/],
    [{ power_line_frequency: '70 Hz' }, /expected one of 0 \(Disabled\), 1 \(50 Hz\), 2 \(60 Hz\), got "70 Hz"$/],
    [{ auto_exposure: 2 }, /expected one of 1 \(Manual Mode\), 3 \(Aperture Priority Mode\), got 2$/],
    [
      { exposure_time_absolute: 100, auto_exposure: 3 },
      /^controls\.exposure_time_absolute: it has no effect while auto_exposure is 3 \(Aperture Priority Mode\); leave auto_exposure out, or set it to 1 \(Manual Mode\)$/,
    ],
    [{ constructor: 1 }, /no such control/],
  ])('refuses %j', (values, message) => {
    expect(() => plan(values)).toThrow(message);
    expect(() => plan(values)).toThrow(InputError);
  });
});
