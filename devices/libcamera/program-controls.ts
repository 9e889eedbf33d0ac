import { planControls } from '../device/control-plan.ts';
import type { CameraControl, ControlValues } from '../device/device.ts';
import { checkGains } from './native-controls.ts';

interface ProgramControl {
  readonly control: Omit<CameraControl, 'value' | 'inactive' | 'readOnly'>;
  /** The option of rpicam-vid, and for a choice the word that each of ours is there. */
  readonly option: string;
  readonly words?: readonly string[];
}

function range(name: string, option: string, min: number, max: number, fallback: number): ProgramControl {
  return { control: { name, kind: 'number', default: fallback, min, max, step: 0 }, option };
}

/** @param words By our names, which are libcamera's, the program's. */
function choice(name: string, option: string, words: Readonly<Record<string, string>>, fallback = 0): ProgramControl {
  const ours = Object.keys(words);
  return {
    control: { name, kind: 'menu', default: fallback, min: 0, max: ours.length - 1, step: 1, choices: { ...ours } },
    option,
    words: Object.values(words),
  };
}

const same = (...words: string[]) => Object.fromEntries(words.map((word) => [word, word]));

/**
 * What `rpicam-vid` and its relatives let be set, by libcamera's names; an exposure time and gains of 0 are left to the
 * automatic. Whoever adds one: its values must be numbers and words of this file, for node-libcamera makes a line for a
 * shell of them.
 */
const table: readonly ProgramControl[] = [
  {
    control: { name: 'exposure_time', kind: 'integer', default: 0, min: 0, max: 240_000_000, step: 1 },
    option: 'shutter',
  },
  range('analogue_gain', 'gain', 0, 64, 0),
  range('exposure_value', 'ev', -8, 8, 0),
  choice('ae_exposure_mode', 'exposure', { normal: 'normal', short: 'sport', long: 'long' }),
  choice('ae_metering_mode', 'metering', { centre_weighted: 'centre', spot: 'spot', matrix: 'average' }),
  choice('awb_mode', 'awb', same('auto', 'incandescent', 'tungsten', 'fluorescent', 'indoor', 'daylight', 'cloudy')),
  range('brightness', 'brightness', -1, 1, 0),
  range('contrast', 'contrast', 0, 15.99, 1),
  range('saturation', 'saturation', 0, 15.99, 1),
  range('sharpness', 'sharpness', 0, 15.99, 1),
  choice('noise_reduction_mode', 'denoise', { auto: 'auto', off: 'cdn_off', fast: 'cdn_fast', high_quality: 'cdn_hq' }),
  choice('hdr_mode', 'hdr', { off: 'off', auto: 'auto', sensor: 'sensor', single_exposure: 'single-exp' }),
  choice('af_mode', 'autofocus-mode', same('manual', 'auto', 'continuous'), 2),
  choice('af_range', 'autofocus-range', same('normal', 'macro', 'full')),
  choice('af_speed', 'autofocus-speed', same('normal', 'fast')),
  range('lens_position', 'lens-position', 0, 32, 0),
];

/** The two that are one option. */
const gains = [range('red_gain', '', 0, 32, 0), range('blue_gain', '', 0, 32, 0)];

/** The controls of any camera that a program reads, with what they are set to. */
export function programControls(values: ControlValues): CameraControl[] {
  const known = [...table, ...gains].map(({ control }) => ({
    ...control,
    value: control.default,
    inactive: false,
    readOnly: false,
  }));
  const plan = planControls(known, values);
  return known.map((control) => ({ ...control, value: plan.get(control.name) ?? control.value }));
}

/**
 * The options that set these, without their dashes, each with its value.
 *
 * @throws InputError when there is no such control, it does not take such a value, or only one of the two gains is given.
 */
export function programOptions(values: ControlValues): [option: string, value: number | string][] {
  checkGains(values);
  const set = new Map(programControls(values).map(({ name, value }) => [name, value]));
  const options: [string, number | string][] = [];
  for (const { control, option, words } of table) {
    if (!(control.name in values)) continue;
    const value = set.get(control.name)!;
    options.push([option, words ? words[value]! : value]);
  }
  const [red, blue] = gains.map(({ control }) => set.get(control.name)!);
  if ('red_gain' in values || 'blue_gain' in values) options.push(['awbgains', `${red},${blue}`]);
  return options;
}
