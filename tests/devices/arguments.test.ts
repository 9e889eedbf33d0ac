import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DeviceOptions } from '../../devices/device/device.ts';
import { createDevice } from '../../devices/index.ts';
import { temporaryFolder } from '../support/folders.ts';
import { hasProgram } from '../support/needs.ts';
import { fakeProgram } from '../support/programs.ts';

/** Why it cannot be opened. */
async function failure(source: string, options: DeviceOptions = {}): Promise<string> {
  try {
    const device = createDevice(source, { stallTimeoutMs: 5000, hardwareDecoding: false, ...options });
    await device.open();
    await device.close();
  } catch (error) {
    return (error as Error).message;
  }
  return expect.fail(`${source} opened`);
}

/** What is wanted of a camera, put where ffmpeg or rpicam-vid would take it for something else. */
const hostile = [
  '-version',
  'rtsp:-version',
  'rtsp:concat:/etc/passwd|/etc/hosts',
  'rtsp:file:///etc/passwd',
  'rtsp:///etc/passwd',
  'rtsp:pipe:0',
  'rtsps:subfile,,start,0,end,9,,:/etc/passwd',
  'v4l2:-version',
  'v4l2:/etc/passwd',
  'v4l2:/dev/../etc/passwd',
  'v4l2:/dev/null',
  'v4l2:/dev/stdin',
  'v4l2:concat:/dev/video0',
  'libcamera:-h',
  'libcamera:0 --output /tmp/x',
  'libcamera:$(id)',
  'libcamera:--post-process-file=/tmp/x.json',
  'file:-version',
  'file:concat:/etc/passwd',
  'file:http://127.0.0.1/x.mp4',
  'http:concat:/etc/passwd',
  'https:///etc/passwd',
  'http:-version',
  'recording:-version',
  'recording:http://127.0.0.1/x',
  'concat:/etc/passwd',
  'lavfi:color',
  'tee:/tmp/x',
  'pipe:0',
];

describe('no source starts a program with arguments of its own', () => {
  it.each(hostile)('%s: nothing is run', async (source) => {
    const programs = ['ffmpeg', 'rpicam-vid', 'libcamera-vid'].map((name) => fakeProgram(name, ''));
    await failure(source);
    expect(programs.flatMap(({ runs }) => runs())).toEqual([]);
  });

  it.each([
    'rtsp://127.0.0.1/-version',
    'rtsp://127.0.0.1/ -f lavfi -i color',
    'rtsp://127.0.0.1/$(touch /tmp/x);`id`|cat',
    'rtsp://127.0.0.1/?tcp&listen',
  ])('%s stays one argument, behind -i, read as a camera over the network alone', async (source) => {
    const { runs } = fakeProgram('ffmpeg', 'process.exitCode = 1;');
    await failure(source, { width: 64, fps: 5 });
    const [args] = runs();
    expect(args!.filter((one) => one === source)).toHaveLength(1);
    expect(args![args!.indexOf('-i') + 1]).toBe(source);
    expect(args!.indexOf('-i')).toBe(args!.lastIndexOf('-i'));
    const before = args!.slice(0, args!.indexOf('-i')).join(' ');
    expect(before).toContain('-f rtsp -protocol_whitelist rtp,srtp,tcp,tls,udp');
  });

  it.each(['http://127.0.0.1/-version', 'http://127.0.0.1/ -f lavfi -i color', 'https://127.0.0.1/x.m3u8'])(
    '%s is no argument at all',
    async (source) => {
      const { runs } = fakeProgram('ffmpeg', 'process.exitCode = 1;');
      await failure(source, { width: 64, fps: 5 });
      const [args] = runs();
      expect(args![args!.indexOf('-i') + 1]).toBe('pipe:0');
      expect(args!.join(' ')).toContain('-f mpjpeg -protocol_whitelist pipe');
      expect(args!.join(' ')).not.toContain('127.0.0.1');
    },
  );

  it('a file whose name looks like options or a protocol is a file', async () => {
    const { runs } = fakeProgram('ffmpeg', 'process.exitCode = 1;');
    const folder = temporaryFolder();
    for (const name of ['-version.mp4', 'concat:a.mp4', 'a;id.mp4', '$(id).mp4']) {
      writeFileSync(join(folder, name), 'no video');
      await failure(`file:${join(folder, name)}`);
    }
    const urls = runs().map((args) => args[args.indexOf('-i') + 1]);
    expect(urls).toEqual(
      ['-version.mp4', 'concat:a.mp4', 'a;id.mp4', '$(id).mp4'].map((name) => `file:${join(folder, name)}`),
    );
    for (const args of runs()) expect(args.join(' ')).toContain('-protocol_whitelist file');
  });

  it.each(['width', 'height', 'fps'] as const)('%s is a number', async (name) => {
    expect(() => createDevice('rtsp://127.0.0.1/', { [name]: '1,drawtext=textfile=/etc/passwd' as never })).toThrow(
      `${name} of a source: expected`,
    );
  });
});

describe.skipIf(!hasProgram('ffmpeg'))('what a camera or a file may make ffmpeg do (needs ffmpeg)', () => {
  /** A server that counts who comes, and says one thing. */
  async function server(answer: (request: string) => string) {
    const asked: string[] = [];
    const sockets = new Set<Socket>();
    const listening = createServer((socket) => {
      sockets.add(socket);
      socket
        .on('error', () => {})
        .on('data', (data) => {
          asked.push(String(data));
          socket.write(answer(String(data)));
        });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => listening.once('listening', resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      listening.close();
    });
    return { port: (listening.address() as { port: number }).port, asked };
  }

  it('a redirect to another protocol is not followed', async () => {
    const elsewhere = await server(() => 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.y4m'), 'YUV4MPEG2 W16 H16 F1:1\nFRAME\n'.padEnd(500, '0'));
    for (const target of [`http://127.0.0.1:${elsewhere.port}/x`, `file://${folder}/a.y4m`, `concat:${folder}/a.y4m`]) {
      const camera = await server((request) => {
        const [, sequence] = /CSeq: (\d+)/i.exec(request) ?? [];
        return `RTSP/1.0 302 Found\r\nCSeq: ${sequence}\r\nLocation: ${target}\r\n\r\n`;
      });
      await failure(`rtsp://127.0.0.1:${camera.port}/door`);
      expect(camera.asked.length).toBeGreaterThan(0);
    }
    expect(elsewhere.asked.filter((request) => request.startsWith('GET'))).toEqual([]);
  });

  it('a playlist that poses as a video calls nobody', async () => {
    const elsewhere = await server(() => 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
    const file = join(temporaryFolder(), 'clip.mp4');
    writeFileSync(file, `#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:${elsewhere.port}/x.ts\n#EXT-X-ENDLIST\n`);
    await failure(`file:${file}`);
    expect(elsewhere.asked).toEqual([]);
  });
});
