import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { editSettings, type SettingsEdit } from '../../sdk/config/edit-settings.ts';
import { temporaryFolder } from '../support/folders.ts';

async function edited(text: string | undefined, ...edits: SettingsEdit[]) {
  const file = join(temporaryFolder(), 'ocellus.yaml');
  if (text !== undefined) writeFileSync(file, text);
  const result = await editSettings(file, edits);
  if (text !== undefined) expect(readFileSync(file, 'utf8')).toBe(text);
  await result.write();
  return { file, ...result, text: readFileSync(file, 'utf8') };
}

describe('editSettings', () => {
  // A comment beside a map's key goes to the next line, as with every change: the YAML library does that.
  it('renames in place, with its comments', async () => {
    const { text } = await edited(
      'a: 1\ncameras: # mine\n  one: {}\n  # The second.\n  two:\n    fps: 1 # slow\n  three: {}\n',
      {
        rename: ['cameras', 'two'],
        to: 'zwei',
      },
    );
    expect(text).toBe(
      'a: 1\ncameras:\n  # mine\n  one: {}\n  # The second.\n  zwei:\n    fps: 1 # slow\n  three: {}\n',
    );
  });

  it('finds a camera whose name is a number', async () => {
    const { input } = await edited('cameras:\n  1: {fps: 2}\n', { rename: ['cameras', '1'], to: 'door' });
    expect(input).toEqual({ cameras: { door: { fps: 2 } } });
  });

  it('removes, and leaves what stood for others where they are', async () => {
    const { input, text } = await edited('cameras:\n  one: &all\n    fps: 1\n  two: *all\n  three: {detect: *all}\n', {
      remove: ['cameras', 'one'],
    });
    expect(input).toEqual({ cameras: { two: { fps: 1 }, three: { detect: { fps: 1 } } } });
    expect(text).not.toContain('&all');
  });

  it('removes the last one: there is none then', async () => {
    expect((await edited('cameras:\n  one: {}\n', { remove: ['cameras', 'one'] })).input).toEqual({ cameras: {} });
    expect((await edited('node: a\n', { remove: ['console', 'password'] })).input).toEqual({ node: 'a' });
  });

  it('makes a file that only its owner reads, and takes it back', async () => {
    const made = await edited(undefined, { set: { console: { password: 'x' } } });
    expect([made.text, statSync(made.file).mode & 0o777]).toEqual(['console:\n  password: x\n', 0o600]);
    await made.undo();
    expect(readFileSync(made.file, 'utf8')).toBe('');
  });

  it('refuses what is not there', async () => {
    await expect(edited('cameras: {}\n', { rename: ['cameras', 'door'], to: 'a' })).rejects.toThrow(
      'cameras.door: expected something to rename, the file has none',
    );
  });
});
