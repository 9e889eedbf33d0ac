import { existsSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { cameraDetails } from '../../../devices/camera-details.ts';
import { describeLibcamera } from '../../../devices/find.ts';
import { loadLibcamera } from '../../../devices/libcamera/addon.ts';
import { libcameraDevice } from '../../../devices/libcamera/device.ts';
import { ProgramLibcameraCamera } from '../../../devices/libcamera/program.ts';
import { asset } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { fakeProgram, onlyPrograms } from '../../support/programs.ts';

describe('loadLibcamera', () => {
  it('does as OCELLUS_LIBCAMERA says', () => {
    expect(loadLibcamera('program')).toEqual({ why: 'OCELLUS_LIBCAMERA asks for a program' });
    expect(() => loadLibcamera('both')).toThrow(/OCELLUS_LIBCAMERA: expected native or program, got both/);
  });

  it.skipIf(existsSync(asset('build', 'ocellus-libcamera.node')))(
    'says what builds the native source (where it is not built)',
    () => {
      expect(loadLibcamera('').why).toMatch(/sudo apt install libcamera-dev .* npm run kernels builds it/);
      expect(() => loadLibcamera('native')).toThrow(InputError);
    },
  );
});

describe('libcameraDevice', () => {
  it('reads a camera with a tuning file through a program, whatever is asked for', () => {
    vi.stubEnv('OCELLUS_LIBCAMERA', 'native');
    const tuned = libcameraDevice('libcamera:', '', { libcamera: { tuning: '/tmp/x.json' } });
    vi.unstubAllEnvs();
    expect(tuned).toBeInstanceOf(ProgramLibcameraCamera);
    expect(libcameraDevice('libcamera:', '')).toBeInstanceOf(ProgramLibcameraCamera);
  });
});

describe('cameraDetails', () => {
  it('lists what a program lets be set', async () => {
    const camera = { uri: 'libcamera:0', title: 'Camera 0: imx219 (libcamera)', kind: 'libcamera' } as const;
    const { controls, formats, note } = await cameraDetails(camera, {});
    expect(formats).toEqual([]);
    expect(note).toContain('rpicam-hello --list-cameras');
    expect(controls.find(({ name }) => name === 'awb_mode')).toMatchObject({
      kind: 'menu',
      choices: { 0: 'auto', 6: 'cloudy' },
    });
  });
});

describe('describeLibcamera', () => {
  it('names the program, and why it is not the native source', () => {
    onlyPrograms();
    expect(describeLibcamera()).toMatchObject({ source: 'none', why: expect.stringContaining('OCELLUS_LIBCAMERA') });
    fakeProgram('libcamera-vid', '');
    expect(describeLibcamera()).toMatchObject({ source: 'libcamera-vid' });
    fakeProgram('rpicam-vid', '');
    expect(describeLibcamera()).toMatchObject({ source: 'rpicam-vid' });
  });
});
