import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chown, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hashPassword, isPasswordHash } from '../../sdk/access/password.ts';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { replaceFile } from '../../sdk/base/replace-file.ts';
import { updateSettings } from '../../sdk/config/edit-settings.ts';
import type { FirstBootSettings } from '../../sdk/config/first-boot.ts';
import { reservedCameraNames } from '../../sdk/config/schema.ts';
import { hasReference } from '../../sdk/config/secrets.ts';
import { readSettings, type SettingsInput } from '../../sdk/config/settings.ts';

export interface TakeInOptions {
  /** The settings file that is changed; it may not exist yet. */
  readonly file: string;
  /** Where certificates lie that are given by the name of a file; undefined where they come as text alone. */
  readonly beside?: string;
  /** Names the origin in errors, such as `ocellus.toml`. */
  readonly what: string;
}

const tlsFiles = ['ca', 'cert', 'key'] as const;
/** Certificates have some thousand bytes. */
const longestCertificate = 256 * 1024;

/**
 * Merges settings that a person gave at first boot into the node's settings file: passwords as hashes, certificates as
 * files of the node's own folder. A page that gets a password is opened to the network.
 *
 * Everything is checked before anything is written, as far as it can be without the camera and the broker.
 *
 * @returns The files beside the settings that held keys, and are not needed any more.
 * @throws InputError with a line for each fault.
 */
export async function takeIn(settings: FirstBootSettings, options: TakeInOptions): Promise<{ keys: string[] }> {
  const { file, what } = options;
  const change = structuredClone(settings) as SettingsInput;
  const faults: string[] = [];
  const noting = async (work: () => unknown): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      faults.push(error.message);
    }
  };
  const present = await readSettings(file, false);
  const certificates = new Map<string, string>();
  const keys: string[] = [];
  for (const name of tlsFiles) {
    await noting(async () => {
      const given = settings.mqtt?.tls?.[name];
      if (given === undefined) return;
      const { text, source } = await certificate(`mqtt.tls.${name}`, given, options.beside);
      check(`mqtt.tls.${name}`, name, text);
      certificates.set(name, text);
      if (name === 'key' && source !== undefined) keys.push(source);
    });
  }
  await noting(() => checkBroker(settings, present));
  await noting(() => checkCameras(settings));
  await noting(() => hashConsole(change, present));
  await noting(() => hashUsers(change));
  if (faults.length > 0) {
    throw new InputError(`${what} is not right:\n${faults.map((line) => `  ${line}`).join('\n')}`);
  }
  const folder = dirname(file);
  await makeStateFolder(folder);
  for (const [name, text] of certificates) {
    const path = join(folder, 'tls', `${name}.pem`);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeOwned(path, text);
    (fieldsOf(fieldsOf(change, 'mqtt'), 'tls') as Record<string, unknown>)[name] = seenByService(path);
  }
  await updateSettings(file, change);
  await giveToOwner(file);
  return { keys };
}

/** Makes the service's folder as systemd would; what is above it is closed to others, as it wants /var/lib/private. */
export async function makeStateFolder(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
  await mkdir(folder, { recursive: true, mode: 0o750 });
}

/** Writes a file, 0600, of the owner of its folder: the service's user, which this process may not be. */
export async function writeOwned(path: string, text: string): Promise<void> {
  await replaceFile(path, text, 0o600);
  await giveToOwner(dirname(path), dirname(dirname(path)));
  await giveToOwner(path);
}

async function giveToOwner(path: string, folder = dirname(path)): Promise<void> {
  const { uid, gid } = await stat(folder);
  const own = await stat(path);
  if (own.uid !== uid || own.gid !== gid) await chown(path, uid, gid);
}

/** A service with a dynamic user sees its folder below /var/lib, and nothing of /var/lib/private. */
const seenByService = (path: string): string => path.replace(/^\/var\/lib\/private\//, '/var/lib/');

async function certificate(
  path: string,
  given: string,
  beside: string | undefined,
): Promise<{ text: string; source?: string }> {
  if (given.includes('-----BEGIN ')) return { text: given };
  if (given.startsWith('/') || given.startsWith('\\') || given.includes('..')) {
    throw new InputError(`${path}: expected the name of a file beside this one, or the text of a certificate (PEM)`);
  }
  if (beside === undefined) throw new InputError(`${path}: expected the text of a certificate (PEM)`);
  const source = join(beside, given);
  const size = await stat(source).then(
    ({ size }) => size,
    () => 0,
  );
  if (size === 0 || size > longestCertificate) {
    throw new InputError(
      `${path}: expected a file of 1 to ${longestCertificate} bytes, got ${JSON.stringify(given)}, which ${size === 0 ? 'is not there, or is empty' : `has ${size}`}`,
    );
  }
  return { text: await readFile(source, 'utf8'), source };
}

function check(path: string, name: (typeof tlsFiles)[number], text: string): void {
  try {
    if (name === 'key') createPrivateKey(text);
    else new X509Certificate(text);
  } catch {
    const [expected, hint] =
      name === 'key'
        ? ['a private key in PEM format without a passphrase', '']
        : ['a certificate in PEM format', ', which begins with -----BEGIN CERTIFICATE-----'];
    throw new InputError(`${path}: expected ${expected}${hint}`);
  }
}

/** @throws InputError as the hub would, when it starts. */
async function checkBroker(settings: FirstBootSettings, present: SettingsInput): Promise<void> {
  const before = (present.mqtt ?? {}) as NonNullable<FirstBootSettings['mqtt']>;
  const after = { ...before, ...settings.mqtt };
  const { broker = 'embedded', username, password } = after;
  if (settings.mqtt === undefined || broker === 'embedded' || broker === 'off' || hasReference(broker)) return;
  const { brokerAddress } = await import('../../sdk/hub/connection/address.ts');
  const tls = after.tls && { skip_verification: false, ...after.tls };
  brokerAddress(broker, { username, password, tls });
}

/** @throws InputError as the node would, when it starts. */
async function checkCameras(settings: FirstBootSettings): Promise<void> {
  for (const [name, camera] of Object.entries(settings.cameras ?? {})) {
    if (reservedCameraNames.includes(name)) {
      throw new InputError(`cameras.${name}: this name is a topic of the node itself; call the camera something else`);
    }
    const source = camera?.source;
    if (source === undefined || hasReference(source)) continue;
    // Loaded where a source was given alone: it takes longer than the rest.
    const { createDevice } = await import('../../devices/registry.ts');
    try {
      createDevice(source);
    } catch (error) {
      throw new InputError(`cameras.${name}.source: ${messageOf(error)}`);
    }
  }
}

async function hashConsole(change: SettingsInput, present: SettingsInput): Promise<void> {
  const console = change.console as { password?: string; host?: string } | undefined;
  if (console?.password === undefined) return;
  console.password = await hashed(console.password, 'console.password');
  const host = (present.console as { host?: string } | undefined)?.host;
  // Who gives the page of a card a password wants to open it from elsewhere.
  if (console.host === undefined && host === undefined) console.host = '0.0.0.0';
}

async function hashUsers(change: SettingsInput): Promise<void> {
  const users = (change.mqtt as { users?: Record<string, string> } | undefined)?.users ?? {};
  for (const [name, password] of Object.entries(users)) users[name] = await hashed(password, `mqtt.users.${name}`);
}

async function hashed(password: string, path: string): Promise<string> {
  if (isPasswordHash(password) || hasReference(password)) return password;
  try {
    return await hashPassword(password);
  } catch (error) {
    throw new InputError(`${path}: ${messageOf(error)}`);
  }
}

const fieldsOf = (fields: SettingsInput, key: string): SettingsInput => (fields[key] ??= {}) as SettingsInput;
