import type { CameraControl } from '../device/device.ts';
import { askV4l2Ctl } from './v4l2-ctl.ts';

/** Kinds of the kernel that can be set here; buttons, texts, arrays and bit masks cannot. */
const kinds: Readonly<Record<string, CameraControl['kind']>> = {
  int: 'integer',
  bool: 'boolean',
  menu: 'menu',
  intmenu: 'menu',
};

/** The camera's controls with their values now; empty where `v4l2-ctl` is missing or says nothing. */
export async function listControls(path: string): Promise<CameraControl[]> {
  return parseControls((await askV4l2Ctl(path, ['--list-ctrls-menus'])) ?? '');
}

/** Reads what `v4l2-ctl --list-ctrls-menus` prints. */
export function parseControls(text: string): CameraControl[] {
  const controls: (CameraControl & { choices?: Record<number, string> })[] = [];
  let menu: Record<number, string> | undefined;
  for (const line of text.split('\n')) {
    const [, choice, words] = /^\s+(\d+): (.*)$/.exec(line) ?? [];
    if (choice !== undefined) {
      if (menu) menu[Number(choice)] = words!.trimEnd();
      continue;
    }
    const control = parseControl(line);
    menu = control?.choices;
    if (control) controls.push(control);
  }
  return controls;
}

/** `brightness 0x00980900 (int)    : min=0 max=255 step=1 default=128 value=128 flags=slider` */
function parseControl(line: string): (CameraControl & { choices?: Record<number, string> }) | undefined {
  const [, name, type, facts = ''] = /^\s*([a-z0-9_]+) 0x[0-9a-f]{8} \((\w+)\)\s*: (.*)$/.exec(line) ?? [];
  const kind = kinds[type ?? ''];
  const fact = (key: string) => {
    const digits = new RegExp(`(?:^| )${key}=(-?\\d+)`).exec(facts)?.[1];
    return digits === undefined ? undefined : Number(digits);
  };
  const value = fact('value');
  if (name === undefined || kind === undefined || value === undefined) return undefined;
  const [, flags = ''] = facts.split('flags=', 2);
  return {
    name,
    kind,
    value,
    default: fact('default') ?? 0,
    min: fact('min') ?? 0,
    max: fact('max') ?? 1,
    step: fact('step') ?? 1,
    ...(kind === 'menu' && { choices: {} }),
    inactive: /\binactive\b/.test(flags),
    readOnly: /\bread-only\b/.test(flags),
  };
}

/**
 * Sets controls one after the other and reads them back.
 *
 * @param plan Values by name, in the order they are to be set.
 * @returns What did not take, in words.
 */
export async function applyControls(path: string, plan: ReadonlyMap<string, number>): Promise<string[]> {
  const said = new Map<string, string>();
  for (const [name, value] of plan) {
    // Names are from the camera's own list, values are numbers: nothing that could be taken for something else.
    said.set(name, (await askV4l2Ctl(path, ['--set-ctrl', `${name}=${value}`])) ?? 'v4l2-ctl gave no answer');
  }
  const now = new Map((await listControls(path)).map((control) => [control.name, control.value]));
  return [...plan]
    .filter(([name, value]) => now.get(name) !== value)
    .map(([name, value]) => {
      const why = said.get(name)!.trim().replaceAll('\n', '; ');
      return `${name}: expected ${value} after setting it, got ${now.get(name) ?? 'nothing'}${why ? `: ${why}` : ''}`;
    });
}
