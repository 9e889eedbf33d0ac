import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { InputError } from '../../sdk/base/errors.ts';
import { resolveSettings } from '../../sdk/config/settings.ts';
import { temporaryFolder } from '../support/folders.ts';

afterEach(() => vi.unstubAllEnvs());

const ref = (name: string) => `\${${name}}`;
const door = (source: string) => resolveSettings({ cameras: { door: { source } } }).cameras.door!.source;

describe('references to secrets', () => {
  it('take the environment variable of this name', () => {
    vi.stubEnv('DOOR_PW', 'hunter2');
    expect(resolveSettings({ mqtt: { password: ref('DOOR_PW') } }).mqtt.password).toBe('hunter2');
    expect(door(`rtsp://me:${ref('DOOR_PW')}@door/1`)).toBe('rtsp://me:hunter2@door/1');
  });

  it('take the systemd credential of this name before the variable', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'DOOR_PW'), 'of systemd\n');
    vi.stubEnv('CREDENTIALS_DIRECTORY', folder);
    vi.stubEnv('DOOR_PW', 'of the environment');
    vi.stubEnv('OTHER_PW', 'other');
    expect(resolveSettings({ mqtt: { password: ref('DOOR_PW') } }).mqtt.password).toBe('of systemd');
    expect(resolveSettings({ mqtt: { password: ref('OTHER_PW') } }).mqtt.password).toBe('other');
  });

  it('take a file, without the end of its line', () => {
    const file = join(temporaryFolder(), 'pw');
    writeFileSync(file, ' with spaces \r\n');
    expect(resolveSettings({ mqtt: { users: { home: ref(file) } } }).mqtt.users.home).toBe(' with spaces ');
  });

  it('stand in a URL with any characters', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (secret) => {
        fc.pre(!secret.includes('\0'));
        vi.stubEnv('DOOR_PW', secret);
        const url = new URL(door(`rtsp://me:${ref('DOOR_PW')}@door:554/1`));
        expect([decodeURIComponent(url.password), url.host, url.pathname]).toEqual([secret, 'door:554', '/1']);
        expect(door(`rtsp://me:${ref('DOOR_PW')}@door:554/1`)).not.toMatch(/[\s"'<>]/);
      }),
    );
  });

  it('may be a whole URL', () => {
    vi.stubEnv('DOOR', 'rtsp://me:hunter2@door/1');
    expect(door(ref('DOOR'))).toBe('rtsp://me:hunter2@door/1');
  });

  it('are read only where secrets belong', () => {
    vi.stubEnv('NAME', 'x');
    expect(() => resolveSettings({ node: ref('NAME') })).toThrow('node: expected text that fits');
    expect(resolveSettings({ core: { model: ref('NAME') } }).core.model).toBe(ref('NAME'));
  });

  it.each([
    [ref('NOT_THERE'), `mqtt.password: ${ref('NOT_THERE')} is not set: set the environment variable NOT_THERE`],
    [ref('/not/there'), 'mqtt.password: expected a secret in the file /not/there, which is empty or cannot be read'],
    [ref(''), `mqtt.password: expected ${ref('NAME')} or ${ref('/path/of/a/file')}`],
    [ref('../x'), `mqtt.password: expected ${ref('NAME')} or ${ref('/path/of/a/file')}`],
  ])('%s: says what is missing', (password, message) => {
    expect(() => resolveSettings({ mqtt: { password } })).toThrow(InputError);
    expect(() => resolveSettings({ mqtt: { password } })).toThrow(message);
  });
});

describe('messages about settings that are wrong', () => {
  const secret = 'hunter2hunter2';
  it.each([
    { mqtt: { password: [secret] } },
    { mqtt: { password: { [`x:${secret}`]: 1 } } },
    { mqtt: secret },
    { mqtt: { users: secret } },
    { mqtt: { users: { home: [secret] } } },
    { mqtt: { [`password:${secret}`]: null } },
    { console: { password: { a: secret } } },
    { console: `password: ${secret}` },
    { cameras: { door: `rtsp://me:${secret}@door` } },
    { cameras: { door: { source: [`rtsp://me:${secret}@door`] } } },
    { cameras: { door: { enabled: `rtsp://me:${secret}@door` } } },
    { cameras: [{ source: `rtsp://me:${secret}@door` }] },
  ])('do not show what may be a secret: %j', (settings) => {
    expect(() => resolveSettings(settings)).toThrow(InputError);
    expect(() => resolveSettings(settings)).not.toThrow(secret);
  });
});
