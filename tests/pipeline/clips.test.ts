import { describe, expect, it } from 'vitest';
import type { DeviceOptions } from '../../devices/device/device.ts';
import { registerDevice } from '../../devices/registry.ts';
import { SceneDevice } from '../../devices/scene/scene.ts';
import { resolveSettings } from '../../sdk/config/settings.ts';
import { Node, type NodeOptions } from '../../sdk/pipeline/node.ts';
import { closing } from '../support/closing.ts';
import { temporaryFolder } from '../support/folders.ts';
import { recorder } from '../support/recorder.ts';

/** Starts a node with clips. @returns Whether the video of its camera was asked for, and what was logged. */
async function started(options: NodeOptions, settings: object = {}) {
  let given: DeviceOptions | undefined;
  const done = registerDevice('probe', (uri, _, how) => {
    given = how;
    return new SceneDevice(uri, '', how);
  });
  closing({}, async () => done());
  const logger = recorder();
  const node = new Node(
    resolveSettings({
      cameras: { door: { source: 'probe:', detect: { enabled: false } } },
      core: { model: 'off' },
      history: { clips: { enabled: true } },
      ...settings,
    }),
    { logger, ...options },
  );
  closing(node, () => node.stop());
  await node.start();
  return { takesVideo: given?.video !== undefined, stats: node.stats().cameras.door!.clips, lines: logger.lines };
}

describe('clips of a node', () => {
  it('are made of what the camera sends', async () => {
    const { takesVideo, stats } = await started({ data: temporaryFolder() });
    expect(takesVideo).toBe(true);
    expect(stats).toMatchObject({ kept: 0, dropped: 0 });
  });

  it('show nothing that a program’s own stages have not seen: they may blur faces', async () => {
    const blurs = { start: () => {}, process: async <T>(value: T) => value, stop: () => {} };
    const { takesVideo, stats } = await started({ data: temporaryFolder(), stages: { door: { before: [blurs] } } });
    expect([takesVideo, stats !== undefined]).toEqual([false, true]);
  });

  it('are none unless they are wanted', async () => {
    const { takesVideo, stats } = await started({ data: temporaryFolder() }, { history: {} });
    expect([takesVideo, stats]).toEqual([false, undefined]);
  });

  it.each([
    ['without a folder', false, {}],
    ['where the disk is not to be written', true, { storage: { keep: 'ram' } }],
  ])('are none %s, and that is said', async (_, hasFolder, settings) => {
    const { takesVideo, stats, lines } = await started(hasFolder ? { data: temporaryFolder() } : {}, settings);
    expect([takesVideo, stats]).toEqual([false, undefined]);
    expect(lines.join()).toContain('clips are kept on disk alone');
  });
});
