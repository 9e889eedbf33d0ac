import { isLoopback } from '../../sdk/access/network.ts';
import { hashPassword } from '../../sdk/access/password.ts';
import { InputError, messageOf, StaleError } from '../../sdk/base/errors.ts';
import { pathsOf } from '../../sdk/config/changed-fields.ts';
import type { SettingsEdit } from '../../sdk/config/edit-settings.ts';
import { type Settings, StateName } from '../../sdk/config/schema.ts';
import type { SettingsInput } from '../../sdk/config/settings.ts';
import type { NodeLearning } from '../../sdk/learn/node-learning.ts';
import type { Pipeline } from '../../sdk/pipeline/pipeline.ts';
import type { BoardChange } from '../console/server/board.ts';

/** What the command line sets, which the file cannot change. */
export interface Overrides {
  readonly node?: string | undefined;
  readonly host?: string | undefined;
  readonly source?: string | undefined;
  readonly camera?: string | undefined;
}

/** What runs now. */
export interface Running {
  readonly pipelines: ReadonlyMap<string, Pick<Pipeline, 'settings' | 'revision'>>;
  readonly learning?: Pick<NodeLearning, 'cameras'> | undefined;
}

/** What a change is in the settings file. @throws InputError saying why it cannot be. */
export async function editsOf(
  change: BoardChange,
  settings: Settings,
  node: Running,
  given: Overrides,
): Promise<SettingsEdit[]> {
  const names = [...node.pipelines.keys()];
  const assertFree = (name: string) => {
    if (names.includes(name)) throw new InputError(`there is a camera called ${name} already`);
  };
  const assertKnown = (name: string) => {
    if (!names.includes(name)) throw new InputError(`there is no camera ${name}; expected ${names.join(', ')}`);
  };
  if ('add' in change) {
    assertFree(change.add);
    return [{ set: { cameras: { [change.add]: change.settings } } }];
  }
  if ('rename' in change) {
    const { rename: name, to } = change;
    assertKnown(name);
    if (to === name) return [];
    assertFree(to);
    return [{ rename: ['cameras', name], to }, ...statesOf(name, to, node)];
  }
  if ('remove' in change) {
    assertKnown(change.remove);
    const { revision } = node.pipelines.get(change.remove)!;
    if (change.seen !== undefined && change.seen !== revision) {
      throw new StaleError(
        `camera ${change.remove}: its settings were changed meanwhile, so it stays: look at them again`,
      );
    }
    return [{ remove: ['cameras', change.remove] }];
  }
  if ('reload' in change) return [];
  if ('node' in change) {
    refuseGiven('--node', given.node);
    return [{ set: { node: change.node } }];
  }
  if ('history' in change) {
    const isAnother = [...pathsOf(change.history)].some(([path, value]) => value !== at(settings.history, path));
    return isAnother ? [{ set: { history: change.history } }] : [];
  }
  return accessEdits(change.access, settings, given);
}

/**
 * Cameras that are not in the file, and the source that the command line gives one, are written there.
 *
 * @param waits What others changed in the file and is not used yet: who took a camera out of it has it stay out.
 */
export function writtenAsTheyAre(
  input: SettingsInput,
  pipelines: ReadonlyMap<string, Pick<Pipeline, 'settings'>>,
  given: Overrides,
  waits: readonly string[] = [],
): SettingsEdit[] {
  const inFile = (input.cameras ?? {}) as Record<string, SettingsInput | null>;
  const ofCommandLine = given.camera ?? pipelines.keys().next().value;
  return [...pipelines].flatMap(([name, { settings }]) => {
    const written = inFile[name]?.source;
    // Not as it is read: it may have a secret in it. One that was chosen since is in the file.
    const isGiven = name === ofCommandLine && given.source !== undefined && written !== settings.source;
    const source = isGiven
      ? given.source
      : name in inFile || waits.includes(`cameras.${name}`)
        ? undefined
        : settings.source;
    return source === undefined ? [] : [{ set: { cameras: { [name]: { source } } } }];
  });
}

/** States of its view that it was taught under the old name are looked for under the new one too. */
function statesOf(name: string, to: string, { pipelines, learning }: Running): SettingsEdit[] {
  const heads = learning?.cameras.get(name)?.heads ?? [];
  const { states } = pipelines.get(name)!.settings.learn;
  const fits = new RegExp(StateName.pattern!);
  const more = heads.filter((head) => fits.test(head) && !(head in states));
  if (more.length === 0) return [];
  const all = { ...states, ...Object.fromEntries(more.map((head) => [head, {}])) };
  return [{ set: { cameras: { [to]: { learn: { states: all } } } } }];
}

async function accessEdits(
  { password, network }: { readonly password?: string | null; readonly network?: boolean },
  { console: { host, password: present } }: Settings,
  given: Overrides,
): Promise<SettingsEdit[]> {
  const edits: SettingsEdit[] = [];
  const isOpen = network ?? !isLoopback(host);
  const hasPassword = password === undefined ? present !== undefined : password !== null;
  if (isOpen && !hasPassword)
    throw new InputError('expected a password where other machines reach the page: set one first');
  if (typeof password === 'string') {
    const hash = await hashPassword(password).catch((error: unknown) => {
      throw new InputError(`password: ${messageOf(error)}`);
    });
    edits.push({ set: { console: { password: hash } } });
  } else if (password === null) edits.push({ remove: ['console', 'password'] });
  if (network !== undefined && network === isLoopback(host)) {
    refuseGiven('--host', given.host);
    edits.push(network ? { set: { console: { host: '0.0.0.0' } } } : { remove: ['console', 'host'] });
  }
  return edits;
}

const at = (settings: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, name) => (inner as SettingsInput)[name], settings);

function refuseGiven(option: string, value: string | undefined): void {
  if (value !== undefined)
    throw new InputError(
      `the command line says ${option} ${value}, which goes before the settings file: start without it`,
    );
}
