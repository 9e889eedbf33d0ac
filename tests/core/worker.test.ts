import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { validate } from '../../sdk/config/validate.ts';
import { ClassifierCard } from '../../sdk/core/cards/card.ts';
import type { DetectRequest, Reply, Request } from '../../sdk/core/messages.ts';
import { card, input, meansModel, rawClassifierCard } from './cards.ts';
import { constantModel } from './onnx-builder.ts';

// The worker's own code, on this thread: the port to its parent is one end of a channel.
const { ports } = vi.hoisted(() => ({ ports: {} as { worker: MessagePort; parent: MessagePort } }));
vi.mock('node:worker_threads', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:worker_threads')>();
  const { port1, port2 } = new original.MessageChannel();
  Object.assign(ports, { worker: port1, parent: port2 });
  return { ...original, parentPort: port1, workerData: { engine: 'onnxruntime', open: new Int32Array(1) } };
});

const replies: Reply[] = [];
beforeAll(async () => {
  expect(MessageChannel).toBeDefined();
  await import('../../sdk/core/worker.ts');
  ports.parent.on('message', (reply: Reply) => replies.push(reply));
});
afterAll(() => ports.parent.close());

async function answers(...requests: Request[]): Promise<Reply[]> {
  replies.length = 0;
  for (const request of requests) ports.parent.postMessage(request);
  await vi.waitFor(() => expect(replies).toHaveLength(requests.length), { timeout: 300_000 });
  return [...replies];
}

const numbers = (...data: number[]) => constantModel(input, [{ name: 'output0', shape: [1, 6, 1], data }]);
const load = (model: Uint8Array<ArrayBuffer>): Request => ({ type: 'load', model, threads: 1 });
const detect: DetectRequest = {
  type: 'detect',
  frame: {
    format: 'GRAY8',
    width: 32,
    height: 32,
    planes: [{ data: new Uint8Array(new SharedArrayBuffer(32 * 32)), stride: 32 }],
    colour: { matrix: 'bt601', range: 'full' },
  },
  regions: undefined,
  scoreThreshold: 0.5,
  iouThreshold: 0.5,
  maxDetections: 10,
  multiLabel: false,
};

it('answers each request with one reply, in order, also when they come all at once', async () => {
  const [loaded, ready, found, again] = await answers(
    load(numbers(16, 16, 8, 8, 0.9, 0)),
    { type: 'fit', card: card({ type: 'yolov8' }) },
    detect,
    detect,
  );
  expect([loaded!.type, ready!.type]).toEqual(['loaded', 'ready']);
  for (const reply of [found, again]) {
    expect(reply).toMatchObject({ type: 'found', xyxy: Float32Array.of(12, 12, 20, 20), classId: Int32Array.of(0) });
  }
});

it('tells what comes from outside from what is a fault of ours, and goes on', async () => {
  const [broken, misfit, fault, found] = await answers(
    load(new Uint8Array(10)),
    { type: 'fit', card: card({ type: 'yolov5' }) },
    { ...detect, frame: { ...detect.frame, planes: [] } },
    detect,
  );
  expect(broken).toMatchObject({ type: 'failed', fault: 'input' });
  expect(misfit).toMatchObject({
    type: 'failed',
    fault: 'input',
    message: expect.stringContaining('decoder: expected'),
  });
  expect(fault).toMatchObject({ type: 'failed', fault: 'own' });
  expect(found).toMatchObject({ type: 'found' });
});

it('answers only what the card’s task is', async () => {
  const encode: Request = { type: 'encode', frame: detect.frame, regions: undefined };
  const [, , refused, , , encoded, other] = await answers(
    load(numbers(16, 16, 8, 8, 0.9, 0)),
    { type: 'fit', card: card({ type: 'yolov8' }) },
    encode,
    load(meansModel()),
    { type: 'fit', card: validate(ClassifierCard, rawClassifierCard(), 'the card') },
    encode,
    detect,
  );
  expect(refused).toMatchObject({ type: 'failed', fault: 'own' });
  expect(encoded).toMatchObject({ type: 'encoded', embeddings: new Float32Array(3), logits: new Float32Array(3) });
  expect(other).toMatchObject({ type: 'failed', fault: 'own' });
  // The tests behind this one go on with a detector.
  await answers(load(numbers(16, 16, 8, 8, 0.9, 0)), { type: 'fit', card: card({ type: 'yolov8' }) });
});

it('closes its port when it is told to close, and not before it has answered', async () => {
  const closed = new Promise((resolve) => ports.parent.once('close', resolve));
  replies.length = 0;
  ports.parent.postMessage(detect);
  ports.parent.postMessage({ type: 'close' } satisfies Request);
  await closed;
  expect(replies).toMatchObject([{ type: 'found' }]);
});
