import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { CoreThread } from '../../sdk/core/core-thread.ts';
import type { Request } from '../../sdk/core/messages.ts';
import { card, input } from './cards.ts';
import { constantModel } from './onnx-builder.ts';

const faulty = pathToFileURL(asset('tests', 'core', 'faulty-worker.mjs'));
const model = constantModel(input, [{ name: 'output0', shape: [1, 6, 1], data: [16, 16, 8, 8, 0.9, 0.1] }]);
const load: Request = { type: 'load', model, threads: 1 };
const fit: Request = { type: 'fit', card: card({ type: 'yolov8' }) };
const detect = {
  type: 'detect',
  frame: { format: 'GRAY8', width: 4, height: 4, planes: [], colour: { matrix: 'bt601', range: 'full' } },
  regions: undefined,
  scoreThreshold: 0.5,
  iouThreshold: 0.5,
  maxDetections: 1,
  multiLabel: false,
} as const satisfies Request;

describe('CoreThread', () => {
  it('loads a model and tells what goes in and what comes out', async () => {
    const thread = new CoreThread();
    expect(await thread.request(load, 'loaded')).toEqual({
      type: 'loaded',
      inputs: [{ name: 'images', type: 'float32', shape: [1, 3, 32, 32] }],
      outputs: [{ name: 'output0', type: 'float32', shape: [1, 6, 1] }],
    });
    await thread.request(fit, 'ready');
    await thread.close();
  });

  it('hands an InputError on as one, any other error as a plain one, and goes on', async () => {
    const thread = new CoreThread();
    const refused = thread.request({ ...load, model: model.subarray(0, 20) }, 'loaded');
    await expect(refused).rejects.toThrow(InputError);
    await expect(thread.request(fit, 'ready')).rejects.toThrow('the engine has no model: call load() first');
    await expect(thread.request(detect, 'found')).rejects.toThrow('no detector’s card was fitted to a model');
    await expect(thread.request(load, 'loaded')).resolves.toBeDefined();
    await thread.close();
  });

  it('takes one request at a time', async () => {
    const thread = new CoreThread();
    const first = thread.request(load, 'loaded');
    await expect(thread.request(fit, 'ready')).rejects.toThrow("the core's thread is busy");
    await first;
    await thread.close();
  });

  it('finishes the request that is under way before it closes; refuses later ones', async () => {
    const thread = new CoreThread();
    const loading = thread.request(load, 'loaded');
    await Promise.all([thread.close(), expect(loading).resolves.toMatchObject({ type: 'loaded' })]);
    await expect(thread.request(load, 'loaded')).rejects.toThrow("the core's thread has ended (exit code 0)");
    await thread.close();
  });

  it('fails a request, and does not hang, when the thread throws or exits', async () => {
    const throwing = new CoreThread('onnxruntime', faulty);
    await expect(throwing.request(load, 'loaded')).rejects.toThrow(/^the core's thread failed: .*undefined/);
    await expect(throwing.request(load, 'loaded')).rejects.toThrow("the core's thread failed");
    await throwing.close();
    const leaving = new CoreThread('onnxruntime', faulty);
    await expect(leaving.request(fit, 'ready')).rejects.toThrow("the core's thread has ended (exit code 3)");
    await leaving.close();
  });

  it('fails a request whose reply is another, or that cannot be sent; ends a thread that does not end itself', async () => {
    const thread = new CoreThread('onnxruntime', faulty);
    await expect(thread.request(detect, 'found')).rejects.toThrow("the core's thread: expected found, got ready");
    await expect(thread.request({ ...detect, regions: (() => {}) as never }, 'found')).rejects.toThrow(
      'could not be cloned',
    );
    await expect(thread.request(detect, 'found')).rejects.toThrow('expected found, got ready');
    await thread.close();
    await expect(thread.request(detect, 'found')).rejects.toThrow("the core's thread has ended");
  });
});
