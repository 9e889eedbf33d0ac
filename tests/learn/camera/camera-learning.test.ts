import { describe, expect, it, onTestFinished } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { CameraLearning, type CameraLearningSettings } from '../../../sdk/learn/camera/camera-learning.ts';
import type { ViewState } from '../../../sdk/learn/camera/view-states.ts';
import type { Track } from '../../../sdk/vision/track.ts';
import { recorder } from '../../support/recorder.ts';
import { greyFrame, track } from '../../vision/fakes.ts';
import { FakeOracle } from '../oracle.ts';

const cat = track({ id: 1, box: [20, 20, 100, 100] });

/** A dark thing on grey. */
const frameAt = (seconds: number) =>
  greyFrame(seconds, { noise: 0, draw: (canvas) => canvas.rectangle([20, 20, 100, 100], 20) });

function cameraOf(settings: Partial<CameraLearningSettings> = {}, taughtHeads: readonly string[] = []) {
  const oracle = new FakeOracle();
  const logger = recorder();
  const told: ViewState[] = [];
  const camera = new CameraLearning({
    oracle,
    taughtHeads: () => taughtHeads,
    intervalMs: 1000,
    settings: { enabled: true, states: {}, ...settings },
    onState: (state) => told.push(state),
    logger,
  });
  onTestFinished(() => camera.close());
  return { camera, oracle, logger, told };
}

/** Frames are released at once, as a pipeline does. */
async function look(camera: CameraLearning, seconds: number, tracks: readonly Track[] = [cat], more = {}) {
  const frame = frameAt(seconds);
  const looked = camera.look({ frame, tracks, inferred: true, moving: true, ...more });
  frame.release();
  await looked;
  return frame;
}

describe('CameraLearning', () => {
  it('names tracks, and tells states when they change', async () => {
    const { camera, oracle, told } = cameraOf({}, ['cupboard']);
    oracle.teach(['the cat', undefined]);
    oracle.teach(['untidy', 'tidy'], { head: 'cupboard' });
    for (let seconds = 1; seconds < 10; seconds++) await look(camera, seconds);
    expect(camera.nameOf(1)).toMatchObject({ label: 'the cat' });
    expect(told.map(({ head, state }) => `${head} ${state}`)).toEqual(['cupboard unsure', 'cupboard tidy']);
    expect(camera.states).toMatchObject([{ head: 'cupboard', state: 'tidy' }]);
  });

  it('looks at one frame at a time; the others are let go', async () => {
    const { camera, oracle } = cameraOf();
    oracle.teach(['the cat', undefined]);
    const frames = [1, 2, 3].map(frameAt);
    const looks = frames.map((frame) => camera.look({ frame, tracks: [cat], inferred: true, moving: false }));
    for (const frame of frames) frame.release();
    await Promise.all(looks);
    expect(oracle.asked.length).toBe(1);
    expect(frames.map(({ references }) => references)).toEqual([0, 0, 1]);
    camera.close();
    expect(frames[2]!.references).toBe(0);
  });

  it('closed, looks at nothing, keeps nothing, and does not complain of what was under way', async () => {
    const { camera, oracle, logger } = cameraOf();
    oracle.teach(['the cat', undefined]);
    oracle.error = new Error('the network was closed');
    const looking = look(camera, 1);
    camera.close();
    const frame = await looking;
    const later = await look(camera, 2);
    expect([frame.references, later.references, logger.lines]).toEqual([0, 0, []]);
  });

  it('looks at tracks only where the network looked', async () => {
    const { camera, oracle } = cameraOf();
    oracle.teach(['the cat', undefined]);
    await look(camera, 1, [cat], { inferred: false });
    expect(oracle.asked).toEqual([]);
  });

  it('says once what fails, and goes on', async () => {
    const { camera, oracle, logger } = cameraOf();
    oracle.teach(['the cat', undefined]);
    oracle.error = new Error('no network');
    for (const seconds of [1, 2, 3]) await look(camera, seconds);
    expect(logger.lines).toEqual(['error learning: no network']);
    oracle.error = undefined;
    await look(camera, 4);
    expect(camera.nameOf(1)).toMatchObject({ label: 'the cat' });
  });

  it('takes looks at a track, an event, a box and the whole view', async () => {
    const { camera } = cameraOf({ states: { gate: { region: [0, 0, 0.5, 1] } } });
    for (const seconds of [1, 2]) await look(camera, seconds);
    camera.noteEvent({ id: 'event', track_id: 1 });
    const looks = await camera.looksAt({ track: 1 });
    expect(looks.map(({ kind, embedding, picture }) => [kind, embedding.values.length, picture.length > 100])).toEqual([
      ['track', 64, true],
      ['track', 64, true],
    ]);
    expect(await camera.looksAt({ event: 'event' })).toEqual(looks);
    const dark = await camera.looksAt({ box: [30, 30, 90, 90] });
    const grey = await camera.looksAt({ box: [200, 100, 400, 400] });
    expect([...dark, ...grey].map(({ kind }) => kind)).toEqual(['box', 'box']);
    expect(await camera.looksAt({ view: 'cupboard' })).toMatchObject([{ kind: 'view' }]);
    expect(await camera.looksAt({ view: 'gate' })).toMatchObject([{ kind: 'view' }]);
  });

  it('waits for the first look at an object that came this moment, not at one that is gone', async () => {
    const { camera } = cameraOf();
    await look(camera, 1, []);
    camera.noteEvent({ id: 'event', track_id: 1 });
    const looks = camera.looksAt({ event: 'event' });
    await look(camera, 2);
    expect(await looks).toMatchObject([{ kind: 'track' }]);
    camera.noteEvent({ id: 'short', track_id: 2 });
    await look(camera, 3);
    await expect(camera.looksAt({ track: 2 })).rejects.toThrow(/expected one that was seen well/);
  });

  it('says what it expects of a subject', async () => {
    const { camera } = cameraOf();
    await expect(camera.looksAt({ view: 'gate' })).rejects.toThrow(/no picture of this camera yet/);
    await look(camera, 1);
    await expect(camera.looksAt({ track: 7 })).rejects.toThrow(/such as 1; got 7/);
    await expect(camera.looksAt({ event: 'x' })).rejects.toThrow(/there is none yet; got x/);
    await expect(camera.looksAt({ box: [10, 10, 12, 90] })).rejects.toThrow(InputError);
    await expect(camera.looksAt({ box: [400, 10, 500, 90] })).rejects.toThrow(/frame of 320x180/);
    camera.configure({ enabled: false, states: {} });
    await expect(camera.looksAt({ track: 1 })).rejects.toThrow(/learn.enabled/);
  });

  it('does nothing while it is off, and holds no frame', async () => {
    const { camera, oracle } = cameraOf({}, ['cupboard']);
    oracle.teach(['the cat', undefined]);
    const frame = await look(camera, 1);
    camera.configure({ enabled: false, states: {} });
    expect(frame.references).toBe(0);
    await look(camera, 2);
    expect(oracle.asked.length).toBe(1);
    expect([camera.nameOf(1), camera.states]).toEqual([undefined, []]);
    for (let id = 2; id < 200; id++) camera.noteEvent({ id: `event ${id}`, track_id: id });
    expect(camera.tracks.map(({ trackId }) => trackId)).toEqual([1]);
    camera.configure({ enabled: true, states: {} });
    expect(camera.nameOf(1)).toMatchObject({ label: 'the cat' });
  });
});
