import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Console } from '../../../tools/console/server/console.ts';
import { FakeCamera, FakeNode, greyFrame, track } from '../../console/fakes.ts';
import { closing } from '../../support/closing.ts';
import { browserPath, buildPage, patience, Visitor } from './browser.ts';

const [width, height] = [640, 480];
/** A person with a mask of two pieces, a nose, and two wrists of which the network is sure of one. */
const person = track({
  label: 'person',
  box: [100, 100, 300, 400],
  mask: [
    [[110, 110], [210, 110], [210, 250], [110, 250]], // biome-ignore format: a line
    [[230, 300], [290, 300], [290, 390], [230, 390]], // biome-ignore format: a line
  ],
  keypoints: [
    { name: 'nose', x: 450, y: 60, score: 0.9 },
    { name: 'left_wrist', x: 550, y: 60, score: 0.8 },
    { name: 'right_wrist', x: 450, y: 420, score: 0.2 },
  ],
  skeleton: [
    [0, 1],
    [0, 2],
  ],
});

it.skipIf(!existsSync(browserPath))(
  'the page draws keypoints, what joins them, and masks (needs chromium)',
  {
    timeout: 900_000,
  },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ocellus-shapes-'));
    closing(folder, async () => rmSync(folder, { recursive: true, force: true }));
    buildPage(folder);
    const camera = new FakeCamera('door');
    camera.device!.properties = { ...camera.device!.properties, width, height };
    const server = new Console({ node: new FakeNode([camera]), port: 0, folder });
    closing(server, (it) => it.stop());
    const { url } = await server.start();
    const visitor = await Visitor.launch();
    closing(visitor, (it) => it.close());
    let sequence = 0;
    const emit = () => {
      const { frame } = greyFrame(++sequence, width, height);
      frame.planes[0]!.data.fill(90);
      camera.emit('frame', { frame, tracks: [person], inferred: true, moving: true });
      frame.release();
    };
    const frames = setInterval(emit, 100);
    closing(frames, async (it) => clearInterval(it));

    const page = await visitor.visit(url, '', {});
    await expect.poll(() => page.locator('canvas').getAttribute('data-shapes'), patience).toBe('1');
    // Chromium complains of a shown canvas that is read often, so a copy of it is read.
    const [first, second, between, outside, joint, unsure, path] = (await page.evaluate(`(() => {
    const shown = document.querySelector('canvas');
    const copy = Object.assign(document.createElement('canvas'), { width: shown.width, height: shown.height });
    const context = copy.getContext('2d', { willReadFrequently: true });
    context.drawImage(shown, 0, 0);
    const at = (x, y) => [...context.getImageData(Math.round(x * copy.width / ${width}), Math.round(y * copy.height / ${height}), 1, 1).data];
    return [at(160, 180), at(260, 345), at(260, 180), at(550, 300), at(450, 60), at(450, 420), at(500, 60)];
  })()`)) as number[][];
    const isGrey = ([red, green, blue]: number[]) => Math.abs(red! - green!) < 8 && Math.abs(green! - blue!) < 8;
    // The frame's grey, and over it the person's colour, of which there is more green than red.
    expect([between, outside, unsure].map((pixel) => isGrey(pixel!))).toEqual([true, true, true]);
    for (const pixel of [first, second, path]) expect(pixel![1]! - pixel![0]!).toBeGreaterThan(30);
    expect(Math.min(...joint!.slice(0, 3))).toBeGreaterThan(230);
    await visitor.leave();
  },
);
