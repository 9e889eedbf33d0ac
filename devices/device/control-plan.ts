import { InputError } from '../../sdk/base/errors.ts';
import type { CameraControl, ControlValues } from './device.ts';

/** An automatic mode of a camera, and its values for manual control, of which the first is used. */
interface Automatic {
  readonly names: readonly string[];
  readonly manual: readonly number[];
}

// The kernel's names now, then those of older ones. Of the exposure's choices 1 is manual, 2 leaves the time alone.
const exposure: Automatic = { names: ['auto_exposure', 'exposure_auto'], manual: [1, 2] };
const whiteBalance: Automatic = { names: ['white_balance_automatic', 'white_balance_temperature_auto'], manual: [0] };
const focus: Automatic = { names: ['focus_automatic_continuous', 'focus_auto'], manual: [0] };
const gain: Automatic = { names: ['gain_automatic'], manual: [0] };
// Of libcamera; in versions before 0.5 there is no such mode, and a time or a gain is enough.
const exposureMode: Automatic = { names: ['exposure_time_mode'], manual: [1] };
const gainMode: Automatic = { names: ['analogue_gain_mode'], manual: [1] };
const awb: Automatic = { names: ['awb_enable'], manual: [0] };
const autofocus: Automatic = { names: ['af_mode'], manual: [0] };

/** Controls that have no effect while an automatic mode is on. */
const automatics: Readonly<Record<string, Automatic>> = {
  exposure_time_absolute: exposure,
  exposure_absolute: exposure,
  white_balance_temperature: whiteBalance,
  red_balance: whiteBalance,
  blue_balance: whiteBalance,
  focus_absolute: focus,
  gain,
  exposure_time: exposureMode,
  analogue_gain: gainMode,
  red_gain: awb,
  blue_gain: awb,
  lens_position: autofocus,
};

/**
 * Plans what to set, in which order, for a camera to have these values: an automatic mode that would override one of
 * them is switched off, unless it is set as well, and all automatic modes come before what they control.
 *
 * @param known The camera's controls.
 * @throws InputError when there is no such control, it does not accept the value, or a requested automatic mode
 * contradicts it.
 */
export function planControls(known: readonly CameraControl[], values: ControlValues): Map<string, number> {
  const byName = new Map(known.map((control) => [control.name, control]));
  const wanted = new Map(
    Object.entries(values).map(([name, value]) => {
      const control = byName.get(name);
      if (!control || control.readOnly) {
        const names = known.filter(({ readOnly }) => !readOnly).map((one) => one.name);
        throw new InputError(
          `controls.${name}: ${control ? 'it can only be read' : 'this camera has no such control'}; expected one of ${names.join(', ') || 'none'}`,
        );
      }
      return [name, numberOf(control, value)] as const;
    }),
  );
  const plan = new Map<string, number>();
  for (const name of wanted.keys()) {
    const automatic = automaticOf(byName, name);
    if (!automatic) continue;
    const { control, manual } = automatic;
    const asked = wanted.get(control.name);
    if (asked !== undefined && !manual.includes(asked)) {
      throw new InputError(
        `controls.${name}: it has no effect while ${control.name} is ${shown(control, asked)}; leave ${control.name} out, or set it to ${shown(control, manual[0]!)}`,
      );
    }
    plan.set(control.name, asked ?? (manual.includes(control.value) ? control.value : manual[0]!));
  }
  const isAutomatic = ({ kind }: CameraControl) => kind === 'boolean' || kind === 'menu';
  const first = [...wanted].filter(([name]) => isAutomatic(byName.get(name)!));
  for (const [name, value] of [...first, ...wanted]) plan.set(name, value);
  return plan;
}

function automaticOf(byName: ReadonlyMap<string, CameraControl>, name: string) {
  const automatic = automatics[name];
  const control = automatic?.names.map((one) => byName.get(one)).find((one) => one !== undefined);
  if (!automatic || !control) return undefined;
  const manual = automatic.manual.filter((value) => !control.choices || value in control.choices);
  return manual.length > 0 ? { control, manual } : undefined;
}

/** @throws InputError when the control does not accept it. */
function numberOf(control: CameraControl, value: number | boolean | string): number {
  const number = control.kind === 'menu' ? choiceOf(control, value) : plainNumber(control, value);
  if (number !== undefined) return number;
  throw new InputError(`controls.${control.name}: expected ${expectation(control)}, got ${JSON.stringify(value)}`);
}

function choiceOf({ choices = {} }: CameraControl, value: number | boolean | string): number | undefined {
  const word = String(value).toLowerCase();
  const choice = Object.entries(choices).find(([number, words]) => number === word || words.toLowerCase() === word);
  return choice && Number(choice[0]);
}

function plainNumber({ kind, min, max, step }: CameraControl, value: number | boolean | string): number | undefined {
  const number = kind === 'boolean' ? Number(value) : value;
  const fits =
    typeof number === 'number' &&
    typeof value !== 'string' &&
    (kind === 'number' || Number.isInteger(number)) &&
    number >= min &&
    number <= max;
  return fits && (kind === 'number' || (number - min) % Math.max(1, step) === 0) ? number : undefined;
}

/** The values of a control, in words: `a whole number from 0 to 255`. */
export function expectation({ kind, min, max, step, choices = {} }: CameraControl): string {
  if (kind === 'boolean') return 'true or false';
  if (kind === 'menu') {
    return `one of ${Object.entries(choices)
      .map(([number, words]) => `${number} (${words})`)
      .join(', ')}`;
  }
  if (kind === 'number') return `a number from ${min} to ${max}`;
  return `a whole number from ${min} to ${max}${step > 1 ? ` in steps of ${step}` : ''}`;
}

const shown = (control: CameraControl, value: number) =>
  control.choices?.[value] === undefined ? String(value) : `${value} (${control.choices[value]})`;
