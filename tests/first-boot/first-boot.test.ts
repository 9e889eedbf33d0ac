import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PasswordCheck } from '../../sdk/access/password.ts';
import { readSettings, resolveSettings } from '../../sdk/config/settings.ts';
import { codeIn } from '../../tools/first-boot/code.ts';
import { temporaryFolder } from '../support/folders.ts';
import { hasProgram } from '../support/needs.ts';
import { Card } from './card.ts';

const toml = [
  'node = "porch"',
  '[cameras.door]',
  'source = "rtsp://admin:swordfish@door/1"',
  '[mqtt]',
  'broker = "mqtt://home"',
  'username = "porch"',
  'password = "swordfish"',
  '[console]',
  'password = "swordfish"',
  '',
].join('\r\n');

describe('ocellus.toml on a card', () => {
  it('becomes the settings, and its secrets are gone', async () => {
    const card = new Card({ 'ocellus.toml': toml });
    const before = statSync(join(card.boot, 'ocellus.toml')).ino;
    expect(await card.start()).toEqual({ taken: ['ocellus.toml'], faults: [], notes: [] });
    const settings = resolveSettings(await readSettings(card.settings, true));
    expect(settings).toMatchObject({
      node: 'porch',
      cameras: { door: { source: 'rtsp://admin:swordfish@door/1' } },
      mqtt: { broker: 'mqtt://home', username: 'porch', password: 'swordfish' },
      // With a password it is there to be opened from elsewhere.
      console: { host: '0.0.0.0' },
    });
    expect(await new PasswordCheck(settings.console.password!, 'it').check('swordfish')).toBe('right');
    expect(statSync(card.settings).mode & 0o777).toBe(0o600);
    const left = card.read('ocellus.toml')!;
    expect(left).not.toContain('swordfish');
    expect(left).toContain('node = "porch"');
    expect(left).toContain('cameras.door.source, mqtt.username, mqtt.password, console.password');
    // The same blocks: a new file would leave the old ones readable.
    expect(statSync(join(card.boot, 'ocellus.toml')).ino).toBe(before);
    expect(readdirSync(card.boot)).toEqual(['ocellus.toml']);
    expect(readdirSync(card.runFolder)).toEqual([]);
  });

  it('is read once, until it is changed', async () => {
    const card = new Card({ 'ocellus.toml': toml });
    await card.start();
    const settled = card.yaml!;
    // What the owner changes on the page later stays.
    writeFileSync(card.settings, settled.replace('node: porch', 'node: cellar'));
    expect((await card.start()).taken).toEqual([]);
    expect(card.yaml).toContain('node: cellar');
    card.put('ocellus.toml', card.read('ocellus.toml')!.replace('porch', 'attic'));
    expect((await card.start()).taken).toEqual(['ocellus.toml']);
    expect(card.yaml).toContain('node: attic');
    // What was removed from the file holds.
    expect(resolveSettings(await readSettings(card.settings, true)).mqtt.password).toBe('swordfish');
    expect((await card.start()).taken).toEqual([]);
  });

  it('keeps its secrets where nothing else can, and that is said', async () => {
    const card = new Card({ 'ocellus.toml': toml });
    const { taken, faults } = await card.start({ forgets: true });
    expect(taken).toEqual(['ocellus.toml']);
    expect(faults).toEqual([expect.stringContaining('the data partition cannot be used')]);
    expect(card.read('ocellus.toml')).toBe(toml);
    expect(card.read('ocellus-errors.txt')).toContain('the data partition cannot be used');
    // The next start knows nothing of it.
    rmSync(dirname(card.settings), { recursive: true });
    expect(await card.start()).toMatchObject({ taken: ['ocellus.toml'], faults: [] });
    expect(card.read('ocellus.toml')).not.toContain('swordfish');
    expect(card.read('ocellus-errors.txt')).toBeUndefined();
  });

  it.each(['ocellus.toml.txt', 'OCELLUS.TOML'])('is found as %s', async (name) => {
    const card = new Card({ [name]: 'node = "porch"\n' });
    expect((await card.start()).taken).toEqual(['ocellus.toml']);
    expect(card.yaml).toContain('node: porch');
  });

  it('beside one with .txt at its end is read, and that is said', async () => {
    const card = new Card({ 'ocellus.toml': 'node = "porch"\n', 'ocellus.toml.txt': 'node = "shed"\n' });
    const { faults } = await card.start();
    expect(faults.join()).toContain('ocellus.toml.txt is not read');
    expect(card.yaml).toContain('node: porch');
  });

  it('that is wrong changes nothing, and what is wrong is said on the card, to the page and on the screen', async () => {
    const wrong = 'node = "Porch"\n[mqtt]\npassword = "swordfish"\n';
    const card = new Card({ 'ocellus.toml': wrong });
    const { faults, notes, taken, code } = await card.start();
    expect([taken, card.yaml, card.read('ocellus.toml')]).toEqual([[], undefined, wrong]);
    expect(faults.join()).toMatch(/node: expected text that fits/);
    for (const text of [card.read('ocellus-errors.txt'), readFileSync(join(card.runFolder, 'errors.txt'), 'utf8')]) {
      expect(text).toMatch(/ocellus\.toml is not right:\r?\n {2}node: expected/);
      expect(text).not.toContain('swordfish');
    }
    expect(notes.join('\n')).toContain(faults[0]);
    expect(code).toBeDefined();
    // Mended, all of that is gone.
    card.put('ocellus.toml', wrong.replace('"Porch"', '"porch"').replace('[mqtt]', '[mqtt]\nusername = "p"'));
    expect((await card.start()).faults).toEqual([]);
    expect(readdirSync(card.boot)).toEqual(['ocellus.toml']);
    expect(card.read('ocellus.toml')).not.toContain('swordfish');
    expect(readdirSync(card.runFolder)).toEqual([]);
  });

  it.each([
    ['[mqtt]\nbroker = "http://home"', /mqtt\.broker: expected a URL with mqtt:\/\//],
    ['[mqtt]\nbroker = "mqtt://home"\npassword = "x"', /mqtt\.username: expected a user name/],
    ['[mqtt]\nbroker = "mqtt://home"\n[mqtt.tls]\nskip_verification = true', /mqtt\.tls: expected a broker with mqtts/],
    ['[mqtt]\nbroker = "mqtts://home"\n[mqtt.tls]\nca = "missing.pem"', /mqtt\.tls\.ca: .*"missing.pem", which is not/],
    ['[mqtt]\nbroker = "mqtts://home"\n[mqtt.tls]\nca = "../x"', /mqtt\.tls\.ca: expected the name of a file beside/],
    ['[mqtt]\nbroker = "mqtts://home"\n[mqtt.tls]\nca = "noise.pem"', /mqtt\.tls\.ca: expected a certificate in PEM/],
    ['[console]\npassword = "short"', /console\.password: expected a password of 8 to 256/],
    ['[mqtt.users]\nbob = "short"', /mqtt\.users\.bob: expected a password of 8 to 256/],
    ['[cameras.door]\nsource = "camera"', /cameras\.door\.source: /],
    ['[cameras.status]\nsource = "scene:"', /cameras\.status: this name is a topic/],
  ])('is refused before the service fails of it: %.60s', async (text, message) => {
    const card = new Card({ 'ocellus.toml': text, 'noise.pem': 'noise' });
    expect((await card.start()).faults.join()).toMatch(message);
    expect(card.yaml).toBeUndefined();
  });

  it.skipIf(!hasProgram('openssl'))('brings certificates: copied, and the key erased (needs openssl)', async () => {
    const made = temporaryFolder();
    const [key, cert] = [join(made, 'key.pem'), join(made, 'cert.pem')];
    const args = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      '/CN=x',
    ];
    execFileSync('openssl', [...args, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const pem = readFileSync(cert, 'utf8');
    const text = (ca: string) =>
      `[mqtt]\nbroker = "mqtts://home"\n[mqtt.tls]\nca = ${ca}\ncert = "cert.pem"\nkey = "key.pem"\n`;
    const card = new Card({
      'ocellus.toml': text(`"""\n${pem}"""`),
      'cert.pem': pem.replaceAll('\n', '\r\n'),
      'key.pem': readFileSync(key),
    });
    expect((await card.start()).faults).toEqual([]);
    const { tls } = resolveSettings(await readSettings(card.settings, true)).mqtt;
    expect(readFileSync(tls!.ca!, 'utf8')).toBe(pem);
    expect(readFileSync(tls!.key!)).toEqual(readFileSync(key));
    expect(statSync(tls!.key!).mode & 0o777).toBe(0o600);
    expect(readdirSync(card.boot)).toEqual(['cert.pem', 'ocellus.toml']);
    expect(card.read('ocellus.toml')).toContain('Removed from here since they are secret: mqtt.tls.key.');
    expect((await card.start()).taken).toEqual([]);
  });

  it('is finished at the next start when the power goes while it is overwritten', async () => {
    const card = new Card({ 'ocellus.toml': toml });
    await card.start();
    const left = card.read('ocellus.toml')!;
    const memoryFile = join(card.root, 'state', 'first-boot.json');
    const memory = JSON.parse(readFileSync(memoryFile, 'utf8')) as { files: Record<string, object> };
    writeFileSync(
      memoryFile,
      JSON.stringify({
        files: { 'ocellus.toml': { ...memory.files['ocellus.toml'], pending: { text: left, length: toml.length } } },
      }),
    );
    const settled = card.yaml;
    // As it was; the first half overwritten; nothing but blank blocks.
    for (const torn of [toml, left.slice(0, 40) + toml.slice(40), '\0'.repeat(toml.length)]) {
      card.put('ocellus.toml', torn);
      const saved = readFileSync(memoryFile);
      expect((await card.start()).faults).toEqual([]);
      expect(card.read('ocellus.toml')).toBe(left);
      writeFileSync(memoryFile, saved);
    }
    expect(card.yaml!.replace(/password: \$scrypt.*/, '')).toBe(settled!.replace(/password: \$scrypt.*/, ''));
  });
});

describe('without settings', () => {
  it('there is a code, which stays the same until there are some', async () => {
    const card = new Card();
    const { code, notes } = await card.start();
    expect(code).toMatch(/^[A-Z0-9]{4}-[A-Z0-9]{4}$/);
    expect(notes.join('\n')).toContain(code);
    expect(readFileSync(join(card.runFolder, 'code'), 'utf8')).toBe(`${code}\n`);
    expect(codeIn(card.read('ocellus-setup.txt')!)).toBe(code);
    rmSync(card.runFolder, { recursive: true });
    expect((await card.start()).code).toBe(code);
    card.put('ocellus.toml', 'node = "porch"\n');
    expect((await card.start()).code).toBeUndefined();
    expect(readdirSync(card.boot)).toEqual(['ocellus.toml']);
    // Two cards have two.
    expect((await new Card().start()).code).not.toBe(code);
  });

  it('nor a FAT partition there is one, too', async () => {
    const card = new Card();
    rmSync(card.boot, { recursive: true });
    expect((await card.start()).code).toBeDefined();
  });
});
