import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, deviceSchemes } from '../../devices/index.ts';
import { maskCredentials, maskSource, parseDeviceUri } from '../../devices/uri.ts';
import { InputError } from '../../sdk/errors.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ocellus uri '));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('parseDeviceUri', () => {
  it.each([
    ['scene:', 'scene', ''],
    [' AUTO: ', 'auto', ''],
    ['v4l2:/dev/video0', 'v4l2', '/dev/video0'],
    ['file:my clip.mp4', 'file', 'my clip.mp4'],
    ['file:///media/clip.mp4', 'file', '///media/clip.mp4'],
    ['rtsp://door:554/1', 'rtsp', '//door:554/1'],
  ])('splits %s', (uri, scheme, rest) => {
    expect(parseDeviceUri(uri)).toEqual({ scheme, rest });
  });

  it('takes what exists on disk as a file, even with a colon in its name', () => {
    const path = join(folder, 'cam: 12.mp4');
    writeFileSync(path, '');
    expect(parseDeviceUri(path)).toEqual({ scheme: 'file', rest: path });
    expect(parseDeviceUri(folder)).toEqual({ scheme: 'file', rest: folder });
  });

  it.each(['', 'porch', './nothing.mp4', '/dev/nothing'])('refuses "%s", which is neither', (source) => {
    expect(() => parseDeviceUri(source)).toThrow(InputError);
    expect(() => parseDeviceUri(source)).toThrow(/expected a URI such as .*or a path that exists/);
  });
});

describe('createDevice', () => {
  it('lists the schemes when there is none of this name, without passwords', () => {
    expect(() => createDevice('rtmp://user:secret@door/1')).toThrow(
      /rtmp:\/\/user:\*\*\*@door\/1: there is no device called "rtmp:"; expected one of auto:, scene:/,
    );
    const cameras = ['libcamera', 'v4l2', 'recording', 'opencv', 'rtsp', 'rtsps', 'http', 'https'];
    expect(deviceSchemes).toEqual(['auto', 'scene', 'file', ...cameras]);
  });

  it('shows a URI without its password', () => {
    expect(createDevice('rtsp://admin:hunter2@door/1').uri).toBe('rtsp://admin:***@door/1');
  });
});

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
  ])('masks %s', (text, masked) => {
    expect(maskCredentials(text)).toBe(masked);
  });

  it('masks every form of a password in a query', () => {
    for (const name of ['password', 'passwd', 'pwd', 'pass', 'token', 'auth_key', 'apikey', 'client-secret']) {
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
});

describe('maskSource', () => {
  it.each([
    ['rtsp://admin:se cr"et@door/1', 'rtsp://admin:***@door/1'],
    ['admin:secret@192.168.1.20/stream', 'admin:***@192.168.1.20/stream'],
    ['file:/home/me@work/a.mp4', 'file:/home/me@work/a.mp4'],
    ['v4l2:/dev/video0', 'v4l2:/dev/video0'],
    ['scene:', 'scene:'],
  ])('masks %s', (source, masked) => expect(maskSource(source)).toBe(masked));

  it('hides any password of a source, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4 }), (text) => {
        const secret = `Zq7${text}Xv1`;
        expect(maskSource(`rtsp://me:${secret}@door/1`)).toBe('rtsp://me:***@door/1');
      }),
    );
  });
});
