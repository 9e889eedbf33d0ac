import { describe, expect, it } from 'vitest';
import { findCameras, findPrograms } from '../../devices/find.ts';
import { findLibcameraCameras, parseCameraList } from '../../devices/libcamera/find.ts';
import { versionIn } from '../../devices/programs/wanted-programs.ts';
import { findV4l2Cameras, hasVideoCapture } from '../../devices/v4l2/find.ts';
import { findOpenCvBindings } from '../../sdk/opencv-bindings/load.ts';
import { tree } from '../support/folders.ts';
import { fakeProgram, onlyPrograms } from '../support/programs.ts';

const info = (capabilities: string[]) => `Driver Info:
\tDriver name      : uvcvideo
\tCapabilities     : 0x84a00001
\t\tVideo Capture
\t\tMetadata Capture
\t\tDevice Capabilities
\tDevice Caps      : 0x04200001
${capabilities.map((capability) => `\t\t${capability}\n`).join('')}Media Driver Info:
\tDriver name      : uvcvideo
`;

const nodes = (list: Record<string, [name: string, index: number]>) =>
  tree(
    Object.fromEntries(
      Object.entries(list).flatMap(([node, [name, index]]) => [
        [`sys/class/video4linux/${node}/name`, `${name}\n`],
        [`sys/class/video4linux/${node}/index`, `${index}\n`],
      ]),
    ),
  );

describe('findV4l2Cameras', () => {
  it('leaves out metadata nodes and the codecs, scalers and raw sensors of a Raspberry Pi', async () => {
    onlyPrograms();
    const root = nodes({
      video10: ['bcm2835-codec-decode', 0],
      video13: ['bcm2835-isp-output0', 0],
      video14: ['unicam-image', 0],
      video19: ['rpi-hevc-dec', 0],
      video20: ['pispbe-input', 0],
      video21: ['rp1-cfe-csi2_ch0', 0],
      video2: ['HD USB Camera: HD USB Camera', 0],
      video3: ['HD USB Camera: HD USB Camera', 1],
      video0: ['C270 HD WEBCAM', 0],
    });
    expect(await findV4l2Cameras(root)).toEqual([
      { uri: 'v4l2:/dev/video0', title: 'C270 HD WEBCAM (/dev/video0)', kind: 'v4l2' },
      { uri: 'v4l2:/dev/video2', title: 'HD USB Camera (/dev/video2)', kind: 'v4l2' },
    ]);
    expect(await findV4l2Cameras(tree({}))).toEqual([]);
  });

  it('asks v4l2-ctl what a node can do', async () => {
    const output = JSON.stringify({
      '/dev/video0': info(['Metadata Capture', 'Streaming']),
      '/dev/video1': info(['Video Capture', 'Streaming']),
    });
    onlyPrograms();
    fakeProgram('v4l2-ctl', `process.stdout.write(${output}[process.argv[3]])`);
    const root = nodes({ video0: ['Camera', 0], video1: ['Camera', 0] });
    expect((await findV4l2Cameras(root)).map(({ uri }) => uri)).toEqual(['v4l2:/dev/video1']);
  });

  it('believes the node that cannot be asked', () => {
    expect(hasVideoCapture('Cannot open device /dev/video0, exiting.')).toBe(true);
    expect(hasVideoCapture(info(['Video Memory-to-Memory']))).toBe(false);
  });
});

const list = `Available cameras
-----------------
0 : imx708_wide [4608x2592 10-bit RGGB] (/base/axi/pcie@120000/rp1/i2c@88000/imx708@1a)
    Modes: 'SRGGB10_CSI2P' : 1536x864 [120.13 fps - (768, 432)/3072x1728 crop]
                             2304x1296 [56.03 fps - (0, 0)/4608x2592 crop]

1 : ov5647 [2592x1944 10-bit GBRG] (/base/soc/i2c0mux/i2c@1/ov5647@36)
    Modes: 'SGBRG10_CSI2P' : 640x480 [58.92 fps - (16, 0)/2560x1920 crop]
2 : C270 HD WEBCAM (/base/axi/pcie@120000/rp1/usb@300000-2:1.0-046d:0825)
`;

describe('findLibcameraCameras', () => {
  it('reads the list, without the cameras on USB', () => {
    expect(parseCameraList(list)).toEqual([
      { uri: 'libcamera:0', title: 'Camera 0: imx708_wide (libcamera)', kind: 'libcamera' },
      { uri: 'libcamera:1', title: 'Camera 1: ov5647 (libcamera)', kind: 'libcamera' },
    ]);
    expect(parseCameraList('No cameras available!\n')).toEqual([]);
  });

  it('asks the newer program first, the older where there is no other', async () => {
    onlyPrograms();
    expect(await findLibcameraCameras()).toEqual([]);
    fakeProgram('libcamera-hello', `process.stderr.write(${JSON.stringify(list)})`);
    expect(await findLibcameraCameras()).toHaveLength(2);
    const newer = fakeProgram('rpicam-hello', `process.stdout.write('No cameras available!')`);
    expect(await findLibcameraCameras()).toEqual([]);
    expect(newer.runs()).toEqual([['--list-cameras']]);
  });
});

describe('findCameras', () => {
  it('names those on libcamera first', async () => {
    fakeProgram('rpicam-hello', `process.stdout.write(${JSON.stringify(list)})`);
    expect((await findCameras()).slice(0, 2).map(({ kind }) => kind)).toEqual(['libcamera', 'libcamera']);
  });
});

describe('findPrograms', () => {
  it('says where each is, which version, and what installs the missing', async () => {
    onlyPrograms();
    fakeProgram(
      'ffmpeg',
      `console.log('ffmpeg version 5.1.6-0+deb12u1 Copyright (c) 2000-2024 the FFmpeg developers')`,
    );
    fakeProgram('rpicam-vid', `console.log('rpicam-apps build: v1.5.3 cb4a2a0b4f51 01-10-2024')`);
    fakeProgram(
      'pkg-config',
      `console.log(process.argv[2] === '--modversion' ? '4.6.0' : '/usr/lib/x86_64-linux-gnu')`,
    );
    const programs = Object.fromEntries((await findPrograms()).map((program) => [program.name, program]));
    expect(programs).toMatchObject({
      ffmpeg: { version: '5.1.6-0+deb12u1', path: expect.stringMatching(/\/ffmpeg$/) },
      'rpicam-vid': { version: '1.5.3' },
      'libcamera-vid': { path: undefined, version: undefined, install: expect.stringContaining('rpicam-apps-lite') },
      opencv4: { version: '4.6.0', path: '/usr/lib/x86_64-linux-gnu' },
      // Not there by OpenCV alone.
      '@u4/opencv4nodejs': { path: findOpenCvBindings(), install: expect.stringContaining('npm run opencv') },
    });
  });

  it.each([
    ['libcamera-apps build: f74361ee6a56 23-11-2023 (20:02:01)', undefined],
    ['v4l2-ctl 1.22.1', '1.22.1'],
    ['ffmpeg version n7.0.2 Copyright', '7.0.2'],
    ['nothing', undefined],
  ])('finds the version in "%s"', (text, version) => {
    expect(versionIn(text)).toBe(version);
  });
});
