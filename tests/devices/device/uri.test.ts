import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDeviceUri } from '../../../devices/device/uri.ts';
import { createDevice, deviceSchemes } from '../../../devices/index.ts';
import { InputError } from '../../../sdk/base/errors.ts';

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
    ['-', 'pipe', '-'],
    ['pipe:/run/camera', 'pipe', '/run/camera'],
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
    expect(() => parseDeviceUri(source)).toThrow(/expected a URI such as .*or a path that exists; got "[^"]*"$/);
  });

  it.each(['192.168.1.20', '192.168.1.20:554/1', 'yard.local'])(
    'says of the address %s how a camera is named',
    (text) => {
      expect(() => parseDeviceUri(text)).toThrow(
        `rtsp://${text} with the path that its manual names, and user:password@ before`,
      );
    },
  );
});

describe('createDevice', () => {
  it('lists the schemes when there is none of this name, without passwords', () => {
    expect(() => createDevice('rtmp://user:secret@door/1')).toThrow(
      /rtmp:\/\/user:\*\*\*@door\/1: there is no device called "rtmp:"; expected one of auto:, scene:/,
    );
    const cameras = ['libcamera', 'v4l2', 'pipe', 'recording', 'opencv', 'rtsp', 'rtsps', 'http', 'https'];
    expect(deviceSchemes()).toEqual(['auto', 'scene', 'file', ...cameras]);
  });

  it('shows a URI without its password', () => {
    expect(createDevice('rtsp://admin:hunter2@door/1').uri).toBe('rtsp://admin:***@door/1');
  });
});
