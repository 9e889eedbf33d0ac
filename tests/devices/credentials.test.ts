import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDevice, openDevice } from '../../devices/index.ts';
import { hiddenIn, hiding, hidingLogger, maskCredentials, maskSource } from '../../sdk/base/credentials.ts';
import { messageOf } from '../../sdk/base/errors.ts';

describe('maskCredentials', () => {
  it.each([
    ['rtsp://admin:secret@door/1', 'rtsp://admin:***@door/1'],
    ['rtsp://admin:se@cr@et@door/1 and more', 'rtsp://admin:***@door/1 and more'],
    ['[rtsp @ 0x55] method DESCRIBE failed: rtsps://a:b@c', '[rtsp @ 0x55] method DESCRIBE failed: rtsps://a:***@c'],
    ['rtsp://door/live?user=admin&password=secret&x=1', 'rtsp://door/live?user=admin&password=***&x=1'],
    ['rtsp://door/user=admin&password=secret&channel=1', 'rtsp://door/user=admin&password=***&channel=1'],
    ['rtsp://door/user=admin_password=secret_channel=1', 'rtsp://door/user=admin_password=***'],
    ['rtsp://door/password=secret', 'rtsp://door/password=***'],
    ['rtsp://door/1', 'rtsp://door/1'],
    ['file:/home/me@work/a.mp4', 'file:/home/me@work/a.mp4'],
    ['{"user":"me","password":"se\\"cret"}', '{"user":"me","password":"***"}'],
  ])('masks %s', (text, masked) => {
    expect(maskCredentials(text)).toBe(masked);
  });

  it.each([
    'http://192.168.1.4:8420/ or http://[::1]:8420.',
    'mqtt://host:1883, mqtts://',
    'tcp://127.0.0.1:554?timeout=0: Connection refused',
    'the camera /base/axi/pcie@1000120000/rp1/i2c@88000/imx708@1a is used by another program',
    'http: expected http://[user:password@]host[:port]/path; write / @',
    'asks for a user and a password (rtsp://user:password@host/path), or refuses those given',
    'at 12:30:05 frames came again',
    'expected v4l2:/dev/videoN, got v4l2:/dev/video9',
  ])('leaves what has no password as it is: %s', (text) => {
    expect(maskCredentials(text)).toBe(text);
  });

  it('masks every form of a password in a query', () => {
    const names = ['password', 'passwd', 'pwd', 'pass', 'token', 'auth_key', 'apikey', 'client-secret'];
    names.push('auth', 'loginpas', 'pw', 'psw', 'sid', 'p', 'PWD', 'X-Amz-Signature', 'access_token', 'session');
    for (const name of names) {
      expect(maskCredentials(`get rtsp://door/1?a=1&${name}=Zq7&b=2 now`)).toBe(
        `get rtsp://door/1?a=1&${name}=***&b=2 now`,
      );
    }
  });

  it('leaves no password in any message', () => {
    const password = fc.stringMatching(/^[A-Za-z0-9!$&@/:#%~-]{6,20}$/).map((text) => `Q${text}Q`);
    fc.assert(
      fc.property(password, fc.string(), (secret, around) => {
        fc.pre(!around.includes(secret));
        expect(maskCredentials(`x rtsp://me:${secret}@door/1 y`)).not.toContain(secret);
      }),
    );
  });

  it('leaves the words around what was masked before as they are', () => {
    for (const text of [
      'http://door/1?token=***: expected',
      'see http://door/1?a=1&token=***, or',
      '(door/?pin=***)',
    ]) {
      expect(maskCredentials(text)).toBe(text);
    }
    expect(hiding('http://door/1?token=Zq7hunter2')('http://door/1?token=Zq7hunter2: gone')).toBe(
      'http://door/1?token=***: gone',
    );
    // What only begins so is a secret.
    expect(maskCredentials('http://door/1?token=***Zq7: gone')).toBe('http://door/1?token=*** gone');
  });

  it('cuts a text that is too long, and shows no half of a password', () => {
    const text = `${'word '.repeat(13_100)} rtsp://me:hunter2hunter2@door/1${' x'.repeat(100_000)}`;
    for (let length = 65_495; length < 65_560; length++) {
      const shown = maskCredentials(text.slice(0, 65_500) + ' '.repeat(length - 65_495) + text.slice(65_500));
      expect(shown.length).toBeLessThanOrEqual(65_537);
      expect(shown).not.toMatch(/hunt|er2/);
    }
  });
});

/** A source that is mistyped, percent-encoded or odd: its password is `Zq7hunter2`. */
const mistyped = [
  'file:rtsp://u:Zq7hunter2@door/1',
  'v4l2:rtsp://u:Zq7hunter2@door/1',
  'libcamera:rtsp://u:Zq7hunter2@door/1',
  'recording:rtsp://u:Zq7hunter2@door/1',
  'opencv:rtsp://u:Zq7hunter2@door/1',
  'auto:rtsp://u:Zq7hunter2@door/1',
  'scene:rtsp://u:Zq7hunter2@door/1',
  'file:///rtsp://u:Zq7hunter2@door/1',
  'file://u:Zq7hunter2@door/1',
  'rtsp//u:Zq7hunter2@door/1',
  'rtsp:/u:Zq7hunter2@door/1',
  'rtsp:u:Zq7hunter2@door/1',
  'rtsp:///u:Zq7hunter2@door/1',
  'file:rtsp:/u:Zq7hunter2@door',
  'rtps:/u:Zq7hunter2@door/1',
  'rtsp;//u:Zq7hunter2@door/1',
  'http:\\\\u:Zq7hunter2@door/1',
  'RTSP://u:Zq7hunter2@door/1',
  'Rtsp//u:Zq7hunter2@door/1',
  'u:Zq7hunter2@door/1',
  'rtsp://u:Zq7hunter2%40door/1',
  'rtsp://u:Zq7hunter2@Zq7hunter2@door/1',
  'rtsp://u%3AZq7hunter2@door/1',
  'rtsp%3A%2F%2Fu%3AZq7hunter2%40door%2F1',
  'rtsp://u:Zq7hunter2',
  'rtsp://u:Zq7hunter2/1',
  'rtsp://u: Zq7hunter2 @door/1',
  'rtsp://u:a b"Zq7hunter2@door/1',
  'rtsp ://u:Zq7hunter2@door/1',
  ' rtsp:// u:Zq7hunter2@door/1',
  'rtsp://door/1?user=u&password=Zq7hunter2',
  'http://door:80/1?user=u&pwd=Zq7@Zq7hunter2',
  'http://door/snapshot.cgi?usr=u&pwd=Zq7hunter2',
  'http://door/cgi-bin/api.cgi?cmd=Snap&channel=0&rs=a&user=u&password=Zq7hunter2',
  'http://door/onvif/snapshot?token=Zq7hunter2',
  'http://door/Streaming/channels/1/picture?auth=Zq7hunter2',
  'http://door/x?password%3DZq7hunter2',
  'http://door/x?password=a b Zq7hunter2',
  'file:http://door/snap?user=u&password=Zq7hunter2',
  'http//door/snap?pwd=Zq7hunter2',
  'snap?pwd=Zq7hunter2',
  'v4l2:/dev/video0?pwd=Zq7hunter2',
  'rtsp://[u:Zq7hunter2@door',
  'rtsp://[fe80::1]:Zq7hunter2',
  'http://proxy/?url=rtsp://u:Zq7hunter2@door/1',
  'rtsp://u://Zq7hunter2@door/1',
  'rtmp://u:Zq7hunter2@door/1',
  'ffmpeg:rtsp://u:Zq7hunter2@door/1#video=copy',
];

describe('maskSource', () => {
  it.each([
    ['rtsp://admin:se cr"et@door/1', 'rtsp://admin:***@door/1'],
    ['admin:secret@192.168.1.20/stream', 'admin:***@192.168.1.20/stream'],
    ['file:rtsp://admin:secret@door/1', 'file:rtsp://admin:***@door/1'],
    ['rtsp//admin:secret@door/1', 'rtsp//admin:***@door/1'],
    ['rtsp:/admin:secret@door/1', 'rtsp:/admin:***@door/1'],
    ['http:\\\\admin:secret@door', 'http:\\\\admin:***@door'],
    ['http://door/x?user=me&password=my pass&x=1', 'http://door/x?user=me&password=***&x=1'],
    ['file:/home/me@work/a.mp4', 'file:/home/me@work/a.mp4'],
    ['v4l2:/dev/video0', 'v4l2:/dev/video0'],
    ['rtsp://door:554/1', 'rtsp://door:554/1'],
    ['rtsp://[fe80::1]:554/1', 'rtsp://[fe80::1]:554/1'],
    ['scene:', 'scene:'],
    ['', ''],
  ])('masks %s', (source, masked) => expect(maskSource(source)).toBe(masked));

  it.each(mistyped)('shows no password of %s', (source) => {
    expect(maskSource(source)).not.toContain('hunter2');
  });

  it('hides any password of a source, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4 }), (text) => {
        const secret = `Zq7${text}Xv1`;
        expect(maskSource(`rtsp://me:${secret}@door/1`)).not.toMatch(/Zq7|Xv1/);
      }),
    );
  });
});

describe('a device', () => {
  it.each(mistyped)('says nothing of the password of %s', { timeout: 30_000 }, async (source) => {
    const said: string[] = [];
    const say = (text: string) => void said.push(text);
    const logger = { debug: say, info: say, warn: say, error: say };
    try {
      const device = createDevice(source, { logger });
      said.push(device.uri);
      await device.open().catch((error: Error) => said.push(messageOf(error), String(error.stack)));
      said.push(JSON.stringify(device.health));
      await device.close();
    } catch (error) {
      said.push(messageOf(error), String((error as Error).stack));
    }
    expect(said).not.toHaveLength(0);
    expect(said.join('\n')).not.toContain('hunter2');
  });

  it('hides a password that is said otherwise than it was written', async () => {
    const error = await openDevice('file:rtsp://u:my  pass//word@door/1').catch((problem: unknown) => problem);
    expect(messageOf(error)).toMatch(/does not exist/);
    expect(messageOf(error)).not.toMatch(/my {2}pass|word/);
  });
});

describe('hiding', () => {
  it('takes the password out of what is said of a source, encoded or not', () => {
    const hide = hiding('rtsp://me:my%20pass@door/1');
    expect(hide('rejected: my pass, my%20pass; http://a:b@c')).toBe('rejected: ***, ***; http://a:***@c');
    expect(hiding('rtsp://me:1@door/1')('try 1 of 1')).toBe('try 1 of 1');
    expect(hiding('scene:')('no frames')).toBe('no frames');
    expect(hiding('rtsp://me:\ud800pass@door')('of \ud800pass')).toBe('of ***');
  });

  it('takes it out of an error with its stack, and out of what is logged', () => {
    const hide = hiding('rtsp://me:hunter2@door/1');
    const error = hiddenIn(new TypeError('wrong: hunter2'), hide) as Error;
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe('wrong: ***');
    expect(error.stack).not.toContain('hunter2');
    expect(hiddenIn('hunter2', hide)).toBe('hunter2');

    const said: string[] = [];
    const say = (text: string) => void said.push(text);
    const plain = { debug: say, info: say, warn: say, error: say };
    const logger = hidingLogger({ ...plain, child: () => plain }, hide);
    for (const one of [logger, logger.child!({})]) {
      for (const level of ['debug', 'info', 'warn', 'error'] as const) one[level](`${level} hunter2`);
    }
    expect(said).toEqual([...said.keys()].map((i) => `${['debug', 'info', 'warn', 'error'][i % 4]} ***`));
  });
});
