import { describe, expect, it } from 'vitest';
import { parseControls } from '../../devices/v4l2/controls.ts';
import { parseFormats } from '../../devices/v4l2/formats.ts';
import { chooseMode } from '../../devices/v4l2/mode.ts';
import { cameraInWords } from '../../tools/cli/commands/cameras.ts';
import { listed, listing } from '../devices/v4l2/listing.ts';
import { jsonLines, ocellus } from './cli.ts';

const camera = { uri: 'v4l2:/dev/video0', title: 'HD USB Camera (/dev/video0)', kind: 'v4l2' } as const;

describe('cameraInWords', () => {
  it('says what is taken, what else there is, and what each control takes', () => {
    const formats = parseFormats(
      listing({
        YUYV: { '640x480': [30, 15], '1280x720': [10], 'Stepwise 16x16 - 64x64 with step 2/2': [] },
        MJPG: { '1280x720': [30] },
      }),
    );
    const controls = parseControls(listed('uvc-controls.txt'));
    const words = cameraInWords({ ...camera, formats, controls, mode: chooseMode(formats, { fps: 10 }) });
    expect(words.split('\n')).toEqual(
      expect.arrayContaining([
        'v4l2:/dev/video0  HD USB Camera (/dev/video0)',
        '  uses YUYV 1280x720 at 10 a second; width, height and detect.fps select others',
        '  formats, with maximum frames per second',
        '    YUYV  640x480 (30), 1280x720 (10), 16x16 to 64x64',
        '    MJPG  1280x720 (30)',
        '  controls',
        expect.stringMatching(/^ {4}brightness +128 +a whole number from 0 to 255; default 128$/),
        expect.stringMatching(/^ {4}exposure_time_absolute +333 .*; default 250; inactive: automatic mode is on$/),
        expect.stringMatching(
          /^ {4}auto_exposure +3 +one of 1 \(Manual Mode\), 3 \(Aperture Priority Mode\); default 3$/,
        ),
        expect.stringMatching(/^ {4}camera_model .*; read only$/),
      ]),
    );
  });

  it('says why it knows nothing, and shows no control characters of a camera’s name', () => {
    const note = 'v4l2-ctl was not found; install it: sudo apt install v4l-utils';
    expect(cameraInWords({ ...camera, title: 'A\u001b[2J', formats: [], controls: [], note })).toBe(
      `v4l2:/dev/video0  A\\u001b[2J\n  ${note}`,
    );
  });
});

describe('ocellus cameras', () => {
  it('prints JSON, or words; one that is not there is an error', async () => {
    const { code, out } = await ocellus(['cameras', '--json']);
    expect(code).toBe(0);
    for (const one of jsonLines(out))
      expect(one).toMatchObject({ uri: expect.any(String), controls: expect.any(Array) });
    expect((await ocellus(['cameras'])).out).toMatch(
      jsonLines(out).length > 0 ? /^(v4l2|libcamera):/ : /^no camera was found/,
    );
    const missing = await ocellus(['cameras', 'v4l2:/dev/video77']);
    expect([missing.code, missing.err]).toEqual([
      2,
      expect.stringContaining('there is no camera v4l2:/dev/video77; found: '),
    ]);
  });
});
