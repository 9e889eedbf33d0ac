import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../../sdk/assets.ts';
import { buildCameraLab, cameraLabNeeds, hasCameraLab, inGuest } from './camera-lab.ts';

const minute = 60_000;

describe.skipIf(!hasCameraLab)(
  `v4l2: with the kernel's virtual camera in an emulated guest (needs ${cameraLabNeeds})`,
  () => {
    let folder: string;

    beforeAll(async () => {
      await buildCameraLab();
      folder = mkdtempSync(join(tmpdir(), 'ocellus-guest-'));
      const project = {
        extends: join(packageRoot, 'tsconfig.json'),
        compilerOptions: {
          rootDir: packageRoot,
          outDir: folder,
          declaration: false,
          noCheck: true,
          typeRoots: [join(packageRoot, 'node_modules', '@types')],
        },
        include: [],
        files: [join(packageRoot, 'tests/real/devices/guest/watch.ts')],
      };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project));
      // Beside the compiled files it says that they are ES modules.
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
      execFileSync(process.execPath, [join(packageRoot, 'node_modules/typescript/bin/tsc'), '-p', folder]);
    }, 10 * minute);
    afterAll(() => folder && rmSync(folder, { recursive: true }));

    it(
      'finds it, shows its picture, and comes back after it was unplugged',
      async () => {
        const printed = await inGuest('node tests/real/devices/guest/watch.js', folder);
        const line = printed.split('\n').find((text) => text.startsWith('{'));
        expect(line, printed).toBeDefined();
        const seen = JSON.parse(line!);

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
      },
      5 * minute,
    );
  },
);
