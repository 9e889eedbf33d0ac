import { isMap, isScalar, type Pair } from 'yaml';
import { assertKind } from '../base/arguments.ts';
import { InputError, StaleError } from '../base/errors.ts';
import { replaceFile } from '../base/replace-file.ts';
import { written } from '../base/written.ts';
import { changeDocument, keyOf, openRoute } from './change-document.ts';
import type { SettingsInput } from './settings.ts';
import { readDocument, readText } from './settings-document.ts';

/** What is done to a settings file, one after the other. */
export type SettingsEdit =
  /** As `updateSettings`. */
  | { readonly set: SettingsInput }
  /** A setting goes, with all below it: `['console', 'password']`. One that is not there is gone already. */
  | { readonly remove: readonly string[] }
  /** The last name of a path becomes another one, at the same place, with its comments. */
  | { readonly rename: readonly string[]; readonly to: string };

/** A settings file as it would be. Nothing is written before `write()`. */
export interface EditedSettings {
  /** What it says then, unresolved. */
  readonly input: SettingsInput;
  /** The file as it was read; empty where there was none. */
  readonly before: string;
  /** The file as it would be. */
  readonly text: string;
  /** Replaces the file atomically. @throws StaleError when others wrote to it meanwhile; the system's error. */
  write(): Promise<void>;
  /** Puts the file back as it was read; one that was not there is empty then. */
  undo(): Promise<void>;
}

/**
 * Edits a settings file, keeping its comments and order, so that the result can be checked before it is written.
 *
 * @throws InputError when the file is not YAML, or what is to be renamed is not there.
 *
 * @example
 * const edited = await editSettings('ocellus.yaml', [{ rename: ['cameras', 'door'], to: 'porch' }]);
 * resolveSettings(edited.input);
 * await edited.write();
 */
export async function editSettings(path: string, edits: readonly SettingsEdit[]): Promise<EditedSettings> {
  const { document, text: before } = await readDocument(path);
  for (const edit of edits) {
    if ('set' in edit) changeDocument(document, edit.set);
    else if ('remove' in edit) {
      const route = openRoute(document, edit.remove);
      if (document.hasIn(route)) document.deleteIn(route);
    } else {
      const route = openRoute(document, edit.rename);
      const map: unknown = document.getIn(route.slice(0, -1), true);
      const pair = isMap(map) ? map.items.find((one: Pair) => keyOf(one) === route.at(-1)) : undefined;
      if (!pair) throw new InputError(`${edit.rename.join('.')}: expected something to rename, the file has none`);
      // The key itself has the comment above it.
      if (isScalar(pair.key)) pair.key.value = edit.to;
      else pair.key = document.createNode(edit.to);
    }
  }
  const text = document.toString();
  const put = (content: string, expected?: string) =>
    inTurn(path, async () => {
      const confirm = async () => {
        if (expected === undefined || (await readText(path)) === expected) return;
        throw new StaleError(`${path} was changed meanwhile, so nothing was written: look at it again`);
      };
      // A new one 0600: it may hold a password.
      await replaceFile(path, content, 0o600, { confirm });
      written.add('settings', Buffer.byteLength(content));
    });
  const input = (document.toJS() as SettingsInput | null) ?? {};
  return { input, before, text, write: () => put(text, before), undo: () => put(before) };
}

/** Writers of this process, by file: between looking at it and replacing it, none of them writes there. */
const turns = new Map<string, Promise<void>>();

function inTurn(path: string, work: () => Promise<void>): Promise<void> {
  const turn = (turns.get(path) ?? Promise.resolve()).catch(() => {}).then(work);
  const last = turn.catch(() => {}).then(() => void (turns.get(path) === last && turns.delete(path)));
  turns.set(path, last);
  return turn;
}

/**
 * Merges a change into a settings file, keeping its comments and order. The file is replaced atomically: after a power
 * cut it is the old one or the new one. What others write there at the same time stays.
 */
export async function updateSettings(path: string, change: SettingsInput): Promise<void> {
  assertKind('updateSettings: path', path, 'text');
  assertKind('updateSettings: change', change, 'object');
  for (;;) {
    const edited = await editSettings(path, [{ set: change }]);
    try {
      return await edited.write();
    } catch (error) {
      if (!(error instanceof StaleError)) throw error;
    }
  }
}
