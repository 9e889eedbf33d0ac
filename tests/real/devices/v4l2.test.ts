import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCameraLab, cameraLabNeeds, compileForGuest, hasCameraLab, inGuest } from './camera-lab.ts';

const minute = 60_000;

describe.skipIf(!hasCameraLab)(
  `v4l2: with the kernel's virtual camera in an emulated guest (needs ${cameraLabNeeds})`,
  () => {
    let folder: string;
    let printed: string;

    beforeAll(async () => {
      await buildCameraLab();
      folder = await compileForGuest('watch', 'controls');
      // In one guest: booting it takes as long as what it is booted for.
      const again = 'modprobe -r vivid && modprobe vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0x0';
      printed = await inGuest(`node watch.js; ${again} && node controls.js`, folder);
    }, 60 * minute);
    afterAll(() => folder && rmSync(folder, { recursive: true }));

    /** What a program of the folder `guest` printed as JSON: it is the only one that saw this. */
    function seenBy(key: string) {
      const line = printed.split('\n').find((text) => text.startsWith('{') && key in JSON.parse(text));
      expect(line, printed).toBeDefined();
      return JSON.parse(line!);
    }

    it(
      'finds it, shows its picture, and comes back after it was unplugged',
      async () => {
        const seen = seenBy('noCamera');

        const title = 'vivid-000-vid-cap (/dev/video0)';
        expect(seen.cameras).toEqual([{ uri: 'v4l2:/dev/video0', title, kind: 'v4l2' }]);
        expect(seen.noCamera).toContain(`there is no /dev/video9: plug the camera in; cameras found: ${title}`);
        expect(seen.properties).toMatchObject({
          kind: 'v4l2',
          title,
          format: 'I420',
          width: 320,
          height: 180,
          colour: { matrix: 'bt601', range: 'limited' },
          live: true,
        });
        // Colour bars: white, yellow, cyan, green, magenta, red, blue, black; each is darker than the one before.
        expect(seen.bars).toEqual([...seen.bars].sort((a, b) => b - a));
        expect(seen.bars[0] - seen.bars[7]).toBeGreaterThan(100);
        expect(seen.different).toBeGreaterThan(1);
        expect(seen.states).toEqual(['offline', 'online', 'closed']);
        expect(seen.health).toMatchObject({
          state: 'closed',
          restarts: expect.toSatisfy((count: number) => count >= 1),
        });
        // A camera is no decoder, whatever ffmpeg has a name for.
        expect(seen.decoders).toMatchObject(
          ['h264', 'hevc'].flatMap((codec) => [
            { codec, name: `${codec}_v4l2m2m`, problem: 'Could not find a valid device' },
            { codec, name: 'drm', problem: expect.stringMatching(/^Device creation failed/) },
          ]),
        );
      },
      60 * minute,
    );

    it(
      'takes the cheapest format, and turns the controls by name while frames come and after it was unplugged',
      async () => {
        const { formats, modes, seen, read, refused, cannotOpen, states, health, said } = seenBy('formats');
        expect(formats.length).toBeGreaterThan(50);
        expect(formats).toContainEqual({ fourcc: 'NV12', sizes: 6 });
        const title = 'vivid-000-vid-cap (/dev/video0)';
        const small = { title, width: 640, height: 480, took: 'takes NV12 640x480 at 10 frames a second' };
        const usual = { title, width: 1280, height: 720, took: 'takes NV12 1280x720 at 10 frames a second' };
        expect(modes).toEqual([small, usual, small]);

        // As the settings say: the bars alone, without the text.
        expect(read.plain).toMatchObject({ brightness: 128, osd_text_mode: 2, test_pattern: 0, gain_automatic: 1 });
        expect(seen.plain.columns).toEqual([...seen.plain.columns].sort((a, b) => b - a));
        expect(seen.brightness.luma).toBeGreaterThan(seen.plain.luma + 50);
        expect(seen.contrast.spread).toBeLessThan(seen.plain.spread / 2);
        expect([seen.plain.colour > 60, seen.saturation.colour]).toEqual([true, 0]);
        expect(seen.hue.columns).toEqual(seen.plain.columns);
        expect(Math.abs(seen.hue.blue - seen.plain.blue)).toBeGreaterThan(50);
        expect(seen.horizontalFlip.columns).toEqual([...seen.horizontalFlip.columns].sort((a, b) => a - b));
        expect([seen.menu.luma, read.menu.test_pattern]).toEqual([16, 5]);
        expect(seen.lying.upper).toBeGreaterThan(seen.lying.lower + 50);
        expect(seen.verticalFlip.lower).toBeGreaterThan(seen.verticalFlip.upper + 50);
        // Its automatic was switched off for it, and is on again without it.
        expect(read.gain).toMatchObject({ gain: 50, gain_automatic: 0 });
        expect(read.none).toMatchObject({ gain_automatic: 1, brightness: 128, vertical_flip: 0 });
        expect(seen.none).toEqual(seen.plain);

        expect(refused).toEqual([
          'controls.brightness: expected a whole number from 0 to 255, got 300',
          expect.stringMatching(
            /^controls\.nonsense: this camera has no such control; expected one of brightness, con/,
          ),
          expect.stringMatching(/^controls\.test_pattern: expected one of 0 \(75% Colorbar\), 1 .*, got "Stripes"$/),
        ]);
        expect(read.refused.brightness).toBe(128);
        expect(cannotOpen).toBe('v4l2:/dev/video0: controls.contrast: expected a whole number from 0 to 255, got -1');

        expect(read.replugged).toMatchObject({ brightness: 200, osd_text_mode: 2 });
        expect(seen.replugged).toEqual(seen.brightness);
        expect(states).toEqual(['offline', 'online', 'closed']);
        expect(health).toMatchObject({ restarts: 1, reconnects_last_hour: 1, stalls_last_hour: 0 });
        expect(said.filter((text: string) => /control /.test(text))).toEqual([]);
      },
      60 * minute,
    );
  },
);
