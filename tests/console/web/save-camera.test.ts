import { beforeEach, describe, expect, it, vi } from 'vitest';
import { cameraState } from '../../../tools/console/server/state.ts';
import { applied } from '../../../tools/console/web/src/save/merge.ts';
import { othersPaths, saveCamera } from '../../../tools/console/web/src/save/save-camera.ts';
import { store } from '../../../tools/console/web/src/store.ts';
import { FakeCamera } from '../fakes.ts';

const answered = vi.hoisted(() => ({ patchCamera: vi.fn() }));
vi.mock('../../../tools/console/web/src/api.ts', () => ({ ...answered, StaleError: class extends Error {} }));

/** A camera at a revision, with another threshold and other labels than at first. */
const at = (name: string, revision: number, threshold = 0.5, labels?: string[]) => {
  const camera = cameraState(new FakeCamera(name), []);
  const settings = applied(camera.settings, { detect: { threshold, ...(labels && { labels }) } });
  return { ...camera, revision, settings };
};

describe('othersPaths', () => {
  let name: string;
  beforeEach((context) => {
    // What is saved is remembered by camera.
    name = context.task.id;
  });
  /** Saves a threshold here. @param revision That comes of it. */
  const save = async (threshold: number, revision: number) => {
    const before = at(name, revision - 1);
    store.set({ cameras: [before] });
    answered.patchCamera.mockResolvedValueOnce(at(name, revision, threshold));
    await saveCamera({ detect: { threshold } }, before);
  };

  it('has what others changed, and not what was changed here', async () => {
    await save(0.6, 2);
    expect(othersPaths(at(name, 1), at(name, 2, 0.6))).toEqual([]);
    expect(othersPaths(at(name, 1), at(name, 3, 0.6, ['cat']))).toEqual([['detect', 'labels']]);
  });

  it('has what others changed of the same right after it was changed here', async () => {
    await save(0.6, 2);
    expect(othersPaths(at(name, 1), at(name, 3, 0.9))).toEqual([['detect', 'threshold']]);
  });

  it('knows the last of several changes of the same', async () => {
    await save(0.6, 2);
    await save(0.7, 3);
    expect(othersPaths(at(name, 1), at(name, 3, 0.7))).toEqual([]);
    expect(othersPaths(at(name, 1), at(name, 4, 0.6))).toEqual([['detect', 'threshold']]);
  });

  it('has all that changed after what was seen', async () => {
    await save(0.6, 2);
    expect(othersPaths(at(name, 2, 0.6), at(name, 3, 0.7))).toEqual([['detect', 'threshold']]);
  });
});
