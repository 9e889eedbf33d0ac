import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import {
  buildCameraLab,
  canUseGuestPrograms,
  compileForGuest,
  guestProgramsNeed,
  inGuest,
  withGuestPrograms,
} from './camera-lab.ts';

const minute = 60_000;
const addon = 'ocellus-libcamera.node';

describe.skipIf(!canUseGuestPrograms)(
  `libcamera: without a program, with the virtual pipeline of Debian 13's libcamera in an emulated guest (needs ${guestProgramsNeed})`,
  () => {
    let folder: string;
    let built: string;
    let printed: string;

    beforeAll(async () => {
      await buildCameraLab();
      built = mkdtempSync(join(tmpdir(), 'ocellus-build-'));
      const build = 'cmake -S /srv -B /mnt -G Ninja -DCMAKE_BUILD_TYPE=Release -DOCELLUS_STRICT=ON';
      await withGuestPrograms(`${build} && cmake --build /mnt --target libcamera_addon`, built);
      folder = await compileForGuest('libcamera', 'libcamera-ends');
      mkdirSync(join(folder, 'build'));
      copyFileSync(join(built, addon), join(folder, 'build', addon));
      copyFileSync(asset('tests', 'real', 'devices', 'virtual.yaml'), join(folder, 'virtual.yaml'));
      // In one guest: booting it takes as long as what it is booted for. Then with a heap as the kernel of a Raspberry Pi names it, and
      // what forgets cameras while they are closed.
      const pipeline = '/usr/share/libcamera/pipeline/virtual';
      const command = `mkdir -p ${pipeline} && cp virtual.yaml ${pipeline} && node libcamera.js; ln -s system /dev/dma_heap/vidbuf_cached && node libcamera.js && node --expose-gc libcamera-ends.js`;
      printed = await inGuest(command, folder, { hasVivid: false });
    }, 60 * minute);
    afterAll(() => {
      for (const path of [folder, built]) if (path) rmSync(path, { recursive: true });
    });

    it.each([
      ['its own', 0, 'the camera'],
      ['a DMA heap', 1, 'a DMA heap'],
    ])(
      'lends the buffers of %s, takes stills beside them, and leaves nothing behind',
      (_, run, from) => {
        const line = printed.split('\n').filter((text) => text.startsWith('{'))[run];
        expect(line, printed).toBeDefined();
        const seen = JSON.parse(line!);

        expect(seen.source).toEqual({ source: 'native', version: expect.stringMatching(/^v\d+\.\d+/) });
        expect(seen.cameras.map(({ title }: { title: string }) => title)).toEqual([
          'Camera 0: Virtual Lines (libcamera)',
          'Camera 1: Virtual Bars (libcamera)',
        ]);
        expect(seen.said.join('\n')).toContain(`its buffers come from ${from}`);
        expect(seen.properties).toMatchObject({
          kind: 'libcamera',
          title: 'Virtual Bars (libcamera:1)',
          format: 'NV12',
          width: 640,
          height: 360,
          live: true,
        });
        expect(seen.planes).toEqual([
          { bytes: 640 * 360, stride: 640 },
          { bytes: 640 * 180, stride: 640 },
        ]);
        expect(seen.bars[0] - seen.bars[7]).toBeGreaterThan(100);
        expect(seen.ageMs).toBeGreaterThan(0);

        // The camera's own memory: nothing was read to have the pixels, and what is held is not written to.
        expect(seen.isShared).toBe(false);
        expect(seen.readPerFrame).toBeLessThan(1000);
        expect(seen).toMatchObject({ isOrdered: true, isHeldUnchanged: true, isKeptUnchanged: true });
        expect(seen.different).toBeGreaterThan(6);

        expect(seen.pictures).toEqual(
          Array(2).fill({ width: 1920, height: 1080, format: 'NV12', luma: expect.any(Number) }),
        );
        expect(seen.controls).toEqual(['face_detect_mode']);
        expect(seen.wrongControl).toMatch(/this camera has no such control; expected one of face_detect_mode/);
        expect(seen.both).toEqual([
          { title: 'Virtual Lines (libcamera:0)', width: 320, height: 240 },
          // It has no such size.
          { title: 'Virtual Bars (libcamera:1)', width: 1920, height: 1080 },
        ]);
        expect(seen.busy).toMatch(/the camera is used by another program: stop that first/);
        expect(seen.noCamera).toMatch(/there is no camera 7: .* 0 \(Virtual Lines\), 1 \(Virtual Bars\)/);
        // One frame outlived its camera; then none.
        expect(seen).toMatchObject({ mappingsHeld: 1, mappingsAfter: 0, mappingsAtEnd: 0 });
        expect(seen.health).toMatchObject({ state: 'closed', corrupt: 0, restarts: 0, stalls: 0 });
      },
      60 * minute,
    );

    it('closes a camera that nobody has any more, and ends with what opens, starts or closes one', () => {
      const line = printed.split('\n').filter((text) => text.startsWith('{'))[2];
      expect(line, printed).toBeDefined();
      expect(JSON.parse(line!)).toEqual({ collected: 3, ends: { open: 3, start: 3, close: 3 } });
    });
  },
);
