import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPreseed } from '../../tools/first-boot/preseed.ts';
import { plant } from '../support/folders.ts';
import { Card } from './card.ts';

/** As Raspberry Pi Imager writes it. */
const imager = `config_version = "1.0"

[system]
hostname = "porch"

[user]
name = "anna"
password = "$y$j9T$salt$hash"
password_encrypted = true
groups = ["sudo"]

[ssh]
enabled = true
password_authentication = false
authorized_keys = [
  "ssh-ed25519 AAAA anna@laptop",
]

[wlan]
ssid = "caf\u00e9"
password = "${'0123456789abcdef'.repeat(4)}"
password_encrypted = true
hidden = false
country = "DE"

[locale]
keymap = "de"
timezone = "Europe/Berlin"

[interfaces]
i2c = true
`;

function cardWith(preseed: string): Card {
  const card = new Card({ 'rpi-preseed.toml': preseed });
  plant(card.system, {
    'etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nanna:x:0:0::/home/anna:/bin/bash\n',
    'etc/group': 'root:x:0:\nsudo:x:27:\n',
    'etc/hosts': '127.0.0.1\tlocalhost\n127.0.1.1\tocellus\n',
    'usr/share/zoneinfo/Europe/Berlin': 'TZif',
  });
  return card;
}

const section = (text: string) => `config_version = "1.0"\n${text}\n`;
const read = (text: string) => readPreseed(Buffer.from(section(text)));

describe('rpi-preseed.toml as Imager writes it', () => {
  it('names a Wi-Fi that is not there some time after the start', async () => {
    const card = cardWith(imager);
    await card.start();
    const later = async () => (await card.start({ checksWireless: true })).faults.filter((it) => it.includes('wlan'));
    expect(await later()).toEqual([expect.stringContaining('this board has no Wi-Fi')]);
    expect(card.read('ocellus-errors.txt')).toContain('this board has no Wi-Fi');
    plant(card.system, { 'sys/class/net/wlan0/operstate': 'dormant\n' });
    expect(await later()).toEqual([expect.stringContaining('the network "caf\u00e9" was not joined')]);
    plant(card.system, { 'sys/class/net/wlan0/operstate': 'up\n' });
    expect(await later()).toEqual([]);
    // Nobody asked for one.
    expect((await new Card().start({ checksWireless: true })).faults).toEqual([]);
  });

  it('is applied, and its secrets are gone', async () => {
    const card = cardWith(imager);
    const { taken, faults } = await card.start();
    expect(taken).toEqual(['rpi-preseed.toml']);
    expect(faults).toEqual(['rpi-preseed.toml: not applied on a card of Ocellus: interfaces']);
    expect(card.of('etc/hostname')).toBe('porch\n');
    expect(card.of('etc/hosts')).toBe('127.0.0.1\tlocalhost\n127.0.1.1\tporch\n');
    expect(card.of('etc/timezone')).toBe('Europe/Berlin\n');
    expect(card.of('etc/default/keyboard')).toContain('XKBLAYOUT="de"');
    expect(card.of('home/anna/.ssh/authorized_keys')).toBe('ssh-ed25519 AAAA anna@laptop\n');
    expect(card.of('etc/ssh/sshd_config.d/10-ocellus.conf')).toContain('PasswordAuthentication no');
    expect(card.of('etc/wpa_supplicant/wpa_supplicant-wlan0.conf')).toBe(
      `# Written by \`ocellus first-boot\`.\ncountry=DE\nnetwork={\n\tssid=636166c3a9\n\tkey_mgmt=WPA-PSK WPA-PSK-SHA256\n\tieee80211w=1\n\tpsk=${'0123456789abcdef'.repeat(4)}\n}\n`,
    );
    expect(card.programs).toEqual([
      'chpasswd --encrypted < anna:$y$j9T$salt$hash',
      'usermod --append --groups sudo anna',
      'ssh-keygen -A',
      'systemctl enable ssh.service',
      'systemctl enable wpa_supplicant@wlan0.service',
    ]);
    const left = card.read('rpi-preseed.toml')!;
    expect(left).not.toMatch(/\$y\$|0123456789abcdef/);
    expect(left.match(/<redacted by ocellus>/g)).toHaveLength(2);
    // What was not applied is said until the file changes.
    expect(await card.start()).toMatchObject({ taken: [], faults });
    expect(card.programs).toHaveLength(5);
  });

  it('changed later keeps the secrets that were removed', async () => {
    const card = cardWith(imager);
    await card.start();
    const joined = card.of('etc/wpa_supplicant/wpa_supplicant-wlan0.conf');
    card.put('rpi-preseed.toml', card.read('rpi-preseed.toml')!.replace('porch', 'attic'));
    card.programs.splice(0);
    await card.start();
    expect(card.of('etc/hostname')).toBe('attic\n');
    expect(card.of('etc/wpa_supplicant/wpa_supplicant-wlan0.conf')).toBe(joined);
    expect(card.programs.join('\n')).not.toContain('chpasswd');
    // Another network needs its own.
    card.put('rpi-preseed.toml', card.read('rpi-preseed.toml')!.replace(/ssid = ".*"/, 'ssid = "other"'));
    expect((await card.start()).faults.join()).toContain('wlan.password: it was removed; write it again');
    expect(card.of('etc/wpa_supplicant/wpa_supplicant-wlan0.conf')).toBe(joined);
  });

  it('leaves SSH off without a key, and says so where it was asked for', async () => {
    const card = cardWith(section('[ssh]\nenabled = true'));
    expect((await card.start()).faults.join()).toContain('ssh: it stays off: expected a key');
    expect(card.programs).toEqual(['systemctl disable ssh.service']);
    // With a password of one's own, and only where logging in by it is asked for.
    const user = '[user]\nname = "anna"\npassword = "open sesame"\n';
    const own = cardWith(section(`${user}[ssh]\nenabled = true\npassword_authentication = true`));
    expect((await own.start()).faults).toEqual([]);
    expect(own.programs).toContain('openssl passwd -6 -stdin < open sesame');
    expect(own.programs).toContain('chpasswd --encrypted < anna:$6$salt$hashed');
    expect(own.programs).toContain('systemctl enable ssh.service');
    const other = cardWith(section(`${user}[ssh]\nenabled = true`));
    await other.start();
    expect(other.programs).not.toContain('systemctl enable ssh.service');
  });

  it('is not read where the system has an owner of its own', async () => {
    const card = cardWith(imager);
    Object.assign(card, { system: undefined });
    expect((await card.start()).taken).toEqual([]);
    expect(card.read('rpi-preseed.toml')).toBe(imager);
  });

  it('with an unknown time zone still joins the network, and erases', async () => {
    const card = cardWith(imager.replace('Europe/Berlin', 'Europe/Nowhere'));
    expect((await card.start()).faults.join()).toContain('locale.timezone: expected a time zone');
    expect(readdirSync(join(card.system, 'etc/wpa_supplicant'))).toHaveLength(1);
    expect(card.read('rpi-preseed.toml')).not.toContain('0123456789abcdef');
  });
});

describe('a network', () => {
  const joined = async (wlan: string) => {
    const card = cardWith(section(`[wlan]\n${wlan}`));
    expect((await card.start()).faults).toEqual([]);
    return card.of('etc/wpa_supplicant/wpa_supplicant-wlan0.conf')!;
  };

  it('with a passphrase is kept as the key that WPA2 makes of it', async () => {
    // IEEE 802.11i, annex H.4: the first test vector.
    const text = await joined('ssid = "IEEE"\npassword = "password"');
    expect(text).toContain('psk=f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e');
    expect(text).not.toContain('password"');
    expect(text).not.toContain('country=');
  });

  it('of WPA3, an open one, one whose name is not UTF-8, and a hidden one', async () => {
    expect(await joined('ssid = "a"\nkey_mgmt = "sae"\npassword = "secret"')).toMatch(
      /key_mgmt=SAE\n\tieee80211w=2\n\tsae_password=736563726574\n/,
    );
    expect(await joined('ssid = "a"')).toContain('key_mgmt=NONE');
    expect(await joined('ssid = "a"\nkey_mgmt = "owe"')).toContain('key_mgmt=OWE');
    expect(await joined('ssid_hex = "FF00"')).toContain('ssid=ff00');
    expect(await joined('ssid = "a"\nhidden = true')).toContain('scan_ssid=1');
    // Nothing can be put into the file by a name.
    expect(await joined('ssid = "a\\"\\n}"')).toContain('ssid=61220a7d\n');
  });

  it.each([
    ['ssid = "a"\npassword = "short"', /wlan\.password: expected 8 to 63 bytes, got 5/],
    ['ssid = "a"\npassword = "abc"\npassword_encrypted = true', /expected 64 hexadecimal digits/],
    ['ssid = "a"\nkey_mgmt = "wpa-psk"', /wlan\.password: expected one/],
    ['ssid = "a"\nkey_mgmt = "none"\npassword = "long enough"', /wlan\.password: expected none/],
    [`ssid = "${'a'.repeat(33)}"`, /wlan\.ssid: expected text of/],
    ['ssid = "a"\ncountry = "Germany"', /wlan\.country/],
  ])('is refused: %s', (wlan, message) => {
    expect(() => read(`[wlan]\n${wlan}`)).toThrow(message);
  });
});

describe('rpi-preseed.toml', () => {
  it.each([
    ['[system]\nhostname = "a_b"', /system\.hostname: expected/],
    ['[user]\nname = "root"\npassword = "x"', /name other than root/],
    ['[user]\nname = "a:b"', /user\.name: expected/],
    ['[user]\npassword = "x"', /user\.name: expected one beside the password/],
    ['[user]\nname = "a"\npassword = "x\\ny"', /user\.password: expected/],
    ['[locale]\ntimezone = "../../etc/passwd"', /locale\.timezone: expected/],
    ['[ssh]\nauthorized_keys = ["a\\nb"]', /ssh\.authorized_keys\.0: expected/],
  ])('is refused: %s', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it('of another major version is refused, of a newer minor one read', () => {
    expect(() => readPreseed(Buffer.from('config_version = "2.0"'))).toThrow(/config_version: expected 1\.x, got 2\.0/);
    expect(() => readPreseed(Buffer.from('[system]\nhostname = "a"'))).toThrow(
      /config_version: expected .*got nothing/,
    );
    const { ignored } = readPreseed(
      Buffer.from('config_version = "1.9"\n[new]\nx = 1\n[wlan]\nssid = "a"\nbssid = "b"\n'),
    );
    expect(ignored).toEqual(['new', 'wlan.bssid']);
  });
});
