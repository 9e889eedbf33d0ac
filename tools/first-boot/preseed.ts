import { pbkdf2Sync } from 'node:crypto';
import { type Static, Type } from '@sinclair/typebox';
import { stringify } from 'smol-toml';
import { InputError } from '../../sdk/base/errors.ts';
import { readToml } from '../../sdk/config/first-boot.ts';
import { validate } from '../../sdk/config/validate.ts';

/** Where Raspberry Pi Imager 2.0.11 and newer writes what it asked for, with `init_format` `rpi-preseed`. */
export const preseedFile = 'rpi-preseed.toml';

/** The major version of the format that is understood; a newer minor one may say more, which is ignored. */
const majorVersion = '1';
/** No line break can get into a file of the system by these. */
const Line = (longest: number) => Type.String({ pattern: `^[^\\u0000-\\u001f\\u007f]{0,${longest}}$` });
const section = { additionalProperties: true };

/**
 * The part of rpi-preseed's format that a card of Ocellus applies. Raspberry Pi defines the format
 * (https://github.com/raspberrypi/rpi-preseed, doc/rpi-preseed.5): keys that are not known are ignored.
 */
export const Preseed = Type.Object(
  {
    config_version: Type.String({ pattern: '^\\d+\\.\\d+$' }),
    system: Type.Optional(
      Type.Object(
        {
          hostname: Type.Optional(
            Type.String({ pattern: '^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$', maxLength: 63 }),
          ),
        },
        section,
      ),
    ),
    user: Type.Optional(
      Type.Object(
        {
          name: Type.Optional(Type.String({ pattern: '^[a-z_][a-z0-9_-]{0,31}$' })),
          password: Type.Optional(Line(512)),
          password_encrypted: Type.Optional(Type.Boolean()),
          passwordless_sudo: Type.Optional(Type.Boolean()),
          groups: Type.Optional(Type.Array(Type.String({ pattern: '^[a-z_][a-z0-9_-]{0,31}$' }))),
        },
        section,
      ),
    ),
    ssh: Type.Optional(
      Type.Object(
        {
          enabled: Type.Optional(Type.Boolean()),
          password_authentication: Type.Optional(Type.Boolean()),
          authorized_keys: Type.Optional(Type.Array(Line(16_384))),
        },
        section,
      ),
    ),
    wlan: Type.Optional(
      Type.Object(
        {
          ssid: Type.Optional(Type.String({ minLength: 1, maxLength: 32 })),
          ssid_hex: Type.Optional(Type.String({ pattern: '^([0-9A-Fa-f]{2}){1,32}$' })),
          password: Type.Optional(Line(128)),
          password_encrypted: Type.Optional(Type.Boolean()),
          hidden: Type.Optional(Type.Boolean()),
          country: Type.Optional(Type.String({ pattern: '^[A-Za-z]{2}$' })),
          key_mgmt: Type.Optional(
            Type.Union([Type.Literal('none'), Type.Literal('owe'), Type.Literal('wpa-psk'), Type.Literal('sae')]),
          ),
        },
        section,
      ),
    ),
    locale: Type.Optional(
      Type.Object(
        {
          timezone: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}$' })),
          keymap: Type.Optional(Type.String({ pattern: '^[a-z]{2,8}$' })),
        },
        section,
      ),
    ),
  },
  section,
);
export type Preseed = Static<typeof Preseed>;

/** A network of the board's own radio, as wpa_supplicant takes it. */
export interface Wlan {
  /** Its name as hexadecimal bytes. */
  readonly ssid: string;
  readonly hidden: boolean;
  readonly security: 'none' | 'owe' | 'wpa-psk' | 'sae';
  /** For `wpa-psk` the key of 64 hexadecimal digits, for `sae` the password's bytes, hexadecimal. */
  readonly secret?: string;
}

/**
 * Reads `rpi-preseed.toml`.
 *
 * @returns What it says, and the sections and keys that are not applied here.
 * @throws InputError with a line for each fault.
 */
export function readPreseed(bytes: Uint8Array): { preseed: Preseed; ignored: string[] } {
  const value = readToml(bytes, preseedFile);
  const ignored: string[] = [];
  for (const [key, inner] of Object.entries(value)) {
    const known = Preseed.properties[key as keyof typeof Preseed.properties];
    if (!known) ignored.push(key);
    else if ('properties' in known && typeof inner === 'object' && inner !== null) {
      ignored.push(
        ...Object.keys(inner)
          .filter((name) => !(name in known.properties))
          .map((name) => `${key}.${name}`),
      );
    }
  }
  const preseed = validate(Preseed, value, preseedFile);
  const fault = faultOf(preseed);
  if (fault) throw new InputError(`${preseedFile} is not right:\n  ${fault}`);
  return { preseed, ignored };
}

function faultOf({ config_version, user, wlan }: Preseed): string | undefined {
  if (config_version.split('.')[0] !== majorVersion) {
    return `config_version: expected ${majorVersion}.x, got ${config_version}; a newer version of Ocellus is needed`;
  }
  if (user?.password !== undefined && user.name === undefined) return 'user.name: expected one beside the password';
  if (user?.name === 'root') return 'user.name: expected a name other than root';
  if (!wlan || (wlan.ssid === undefined && wlan.ssid_hex === undefined)) return undefined;
  const isOpen = securityOf(wlan) === 'none' || wlan.key_mgmt === 'owe';
  const { password } = wlan;
  if (isOpen && password !== undefined) return `wlan.password: expected none with key_mgmt ${wlan.key_mgmt}`;
  if (isOpen || isRedacted(password)) return undefined;
  if (password === undefined || password === '') return `wlan.password: expected one with key_mgmt ${wlan.key_mgmt}`;
  const length = Buffer.byteLength(password);
  const isKey = /^[0-9A-Fa-f]{64}$/.test(password);
  if (securityOf(wlan) === 'wpa-psk' && !isKey && (wlan.password_encrypted || length < 8 || length > 63)) {
    return `wlan.password: expected ${wlan.password_encrypted ? '64 hexadecimal digits' : '8 to 63 bytes'}, got ${length} ${wlan.password_encrypted ? 'characters' : 'bytes'}`;
  }
  return undefined;
}

const securityOf = ({ key_mgmt, password }: NonNullable<Preseed['wlan']>): Wlan['security'] =>
  key_mgmt ?? (password === undefined || password === '' ? 'none' : 'wpa-psk');

/** What stands in the place of a secret that was taken in; rpi-preseed itself writes something like it. */
const redacted = '<redacted by ocellus>';
export const isRedacted = (text: string | undefined): boolean => text !== undefined && /^<redacted by /.test(text);

/** The file's text without its secrets. Said again with other values, they are read again. */
export function redactedPreseed(bytes: Uint8Array): string {
  const value = readToml(bytes, preseedFile);
  for (const inner of Object.values(value)) {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) continue;
    for (const key of ['password', 'token']) if (key in inner) (inner as Record<string, unknown>)[key] = redacted;
  }
  return stringify(value);
}

/**
 * The network to join; undefined where none is given.
 *
 * @param before What was joined before, whose secret holds where this one's was taken in and removed.
 */
export function wlanOf({ wlan }: Preseed, before?: Wlan): Wlan | undefined {
  if (wlan?.ssid === undefined && wlan?.ssid_hex === undefined) return undefined;
  const name = wlan.ssid_hex === undefined ? Buffer.from(wlan.ssid!) : Buffer.from(wlan.ssid_hex, 'hex');
  const ssid = name.toString('hex');
  const security = securityOf(wlan);
  const network = { ssid, hidden: wlan.hidden ?? false, security };
  if (security === 'none' || security === 'owe') return network;
  if (isRedacted(wlan.password)) {
    if (before?.ssid !== ssid || before.secret === undefined) {
      throw new InputError(`${preseedFile} is not right:\n  wlan.password: it was removed; write it again`);
    }
    return { ...network, security: before.security, secret: before.secret };
  }
  const password = wlan.password!;
  if (security === 'sae') return { ...network, secret: Buffer.from(password).toString('hex') };
  if (/^[0-9A-Fa-f]{64}$/.test(password)) return { ...network, secret: password.toLowerCase() };
  // The key that WPA2 makes of a passphrase (IEEE 802.11i, annex H.4), so that the passphrase itself is not kept.
  return { ...network, secret: pbkdf2Sync(password, name, 4096, 32, 'sha1').toString('hex') };
}

/** The settings of wpa_supplicant for one network. */
export function wpaSupplicantText(network: Wlan, country: string | undefined): string {
  const keys: Record<Wlan['security'], string[]> = {
    none: ['key_mgmt=NONE'],
    owe: ['key_mgmt=OWE', 'ieee80211w=2'],
    'wpa-psk': ['key_mgmt=WPA-PSK WPA-PSK-SHA256', 'ieee80211w=1', `psk=${network.secret}`],
    sae: ['key_mgmt=SAE', 'ieee80211w=2', `sae_password=${network.secret}`],
  };
  return [
    '# Written by `ocellus first-boot`.',
    ...(country === undefined ? [] : [`country=${country.toUpperCase()}`]),
    'network={',
    `\tssid=${network.ssid}`,
    ...(network.hidden ? ['\tscan_ssid=1'] : []),
    ...keys[network.security].map((line) => `\t${line}`),
    '}',
    '',
  ].join('\n');
}

/** The network in settings that `wpaSupplicantText` wrote. */
export function wlanIn(text: string): Wlan | undefined {
  const field = (name: string) => new RegExp(`^\\s*${name}=([0-9a-f]+)$`, 'm').exec(text)?.[1];
  const ssid = field('ssid');
  const sae = field('sae_password');
  const secret = sae ?? field('psk');
  if (ssid === undefined || secret === undefined) return undefined;
  return { ssid, hidden: /^\s*scan_ssid=1$/m.test(text), security: sae === undefined ? 'wpa-psk' : 'sae', secret };
}
