import { chmod } from 'node:fs/promises';
import { hashPassword, isPasswordHash } from '../../sdk/access/password.ts';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import type { Logger } from '../../sdk/base/log.ts';
import { updateSettings } from '../../sdk/config/edit-settings.ts';
import type { Settings } from '../../sdk/config/schema.ts';
import type { SettingsInput } from '../../sdk/config/settings.ts';

interface Written {
  readonly file: string;
  /** Its content, with references unresolved. */
  readonly written: SettingsInput;
  readonly logger: Logger;
}

/**
 * Replaces the passwords of the page and of the embedded broker by hashes: in the settings, and in the file if they are
 * written there. References to secrets are kept.
 *
 * @throws InputError when a password is too short.
 */
export async function hashPasswords(settings: Settings, { file, written, logger }: Written): Promise<Settings> {
  const change: SettingsInput = {};
  const hashed = async (password: string, path: readonly string[]) => {
    if (isPasswordHash(password)) return password;
    const hash = await hashPassword(password).catch((error) => {
      throw new InputError(`${path.join('.')}: ${messageOf(error)}`);
    });
    if (at(written, path) === password) put(change, path, hash);
    return hash;
  };
  const { password } = settings.console;
  const console = { ...settings.console };
  if (password !== undefined) console.password = await hashed(password, ['console', 'password']);
  const users: Record<string, string> = {};
  for (const [name, one] of Object.entries(settings.mqtt.users))
    users[name] = await hashed(one, ['mqtt', 'users', name]);
  if (Object.keys(change).length > 0) await write(file, change, logger);
  return { ...settings, console, mqtt: { ...settings.mqtt, users } };
}

async function write(file: string, change: SettingsInput, logger: Logger): Promise<void> {
  try {
    await updateSettings(file, change);
    await chmod(file, 0o600);
    logger.info(`the passwords in ${file} were replaced by hashes, and only you can read it`);
  } catch (error) {
    logger.warn(`${file} contains a password, and its hash could not be written there: ${messageOf(error)}`);
  }
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as SettingsInput | undefined)?.[key], value);
}

function put(value: SettingsInput, [key, ...rest]: readonly string[], inner: unknown): void {
  if (rest.length === 0) value[key!] = inner;
  else put((value[key!] ??= {}) as SettingsInput, rest, inner);
}
