import { InputError } from '../../sdk/base/errors.ts';
import { planControls } from '../device/control-plan.ts';
import type { CameraControl, ControlValues } from '../device/device.ts';
import type { NativeControl, NativeFrame, NativeValues } from './addon.ts';

/** The one control of two numbers that a person sets. */
const gains = { name: 'ColourGains', parts: ['red_gain', 'blue_gain'] } as const;

/** @throws InputError when only one of the two is given: they replace the automatic together. */
export function checkGains(values: ControlValues): void {
  const [given, missing] = gains.parts.toSorted((part) => (part in values ? -1 : 1)) as [string, string];
  if (given in values === missing in values) return;
  throw new InputError(`controls.${given}: expected ${missing} as well`);
}

/** `ExposureTime` is `exposure_time` in settings. */
export function ourName(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase();
}

/**
 * The words of a choice without what they have in common: of `AfRangeNormal`, `AfRangeMacro`, `AfRangeFull` they are
 * `normal`, `macro`, `full`.
 */
export function ourWords(choices: Readonly<Record<string, string>>): Record<number, string> {
  const split = Object.entries(choices).map(([number, word]) => [number, ourName(word).split('_')] as const);
  const shortest = Math.min(...split.map(([, parts]) => parts.length));
  let common = 0;
  while (common < shortest - 1 && split.every(([, parts]) => parts[common] === split[0]![1][common])) common++;
  return Object.fromEntries(split.map(([number, parts]) => [number, parts.slice(common).join('_')]));
}

/** A camera's controls as all devices have them. @param values What they are now, by our names, where that is known. */
export function controlsOf(natives: readonly NativeControl[], values: ReadonlyMap<string, number>): CameraControl[] {
  return natives
    .flatMap((native): Omit<CameraControl, 'value'>[] => {
      const { min, max } = native;
      const common = { default: native.default, min, max, inactive: false, readOnly: false };
      if (native.name === gains.name && native.size === 2) {
        return gains.parts.map((name) => ({ ...common, name, kind: 'number', step: 0 }));
      }
      if (native.size !== 1) return [];
      const isMenu = Object.keys(native.choices).length > 0;
      return [
        {
          ...common,
          name: ourName(native.name),
          kind: isMenu ? 'menu' : native.kind,
          step: native.kind === 'number' ? 0 : 1,
          ...(isMenu && { choices: ourWords(native.choices) }),
        },
      ];
    })
    .map((control) => ({ ...control, value: values.get(control.name) ?? control.default }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The defaults: a lens that can focus does so automatically, as with rpicam-vid. */
function withAutofocus(natives: readonly NativeControl[], values: ControlValues): ControlValues {
  const focus = natives.find(({ name }) => name === 'AfMode');
  return !focus || 'lens_position' in values ? values : { af_mode: focus.max, ...values };
}

/**
 * What to set so that the camera has these values.
 *
 * @throws InputError when it has no such control, or it does not take such a value.
 */
export function nativeValues(natives: readonly NativeControl[], values: ControlValues): NativeValues {
  checkGains(values);
  const plan = planControls(controlsOf(natives, new Map()), withAutofocus(natives, values));
  return natives.flatMap(({ name, size, default: fallback }): NativeValues => {
    if (name === gains.name && size === 2) {
      const parts = gains.parts.map((part) => plan.get(part));
      return parts.every((part) => part === undefined) ? [] : [[name, parts.map((part) => part ?? fallback)]];
    }
    const value = plan.get(ourName(name));
    return value === undefined || size !== 1 ? [] : [[name, [value]]];
  });
}

/** What a frame tells of the controls, by our names. */
export function valuesIn(metadata: NativeFrame['metadata']): Map<string, number> {
  const values = new Map<string, number>();
  for (const [name, numbers] of Object.entries(metadata)) {
    if (name === gains.name) gains.parts.forEach((part, index) => void values.set(part, numbers[index] ?? 0));
    else if (numbers.length === 1) values.set(ourName(name), numbers[0]!);
  }
  return values;
}
