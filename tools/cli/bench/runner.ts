import { readFile } from 'node:fs/promises';
import { InputError } from '../../../sdk/base/errors.ts';
import type { DetectorCard, ModelCard } from '../../../sdk/core/cards/card.ts';
import { type FoundModel, findModel, hasForm, readForm } from '../../../sdk/core/cards/model-file.ts';
import { ultralyticsCard, ultralyticsClassifierCard } from '../../../sdk/core/cards/ultralytics-card.ts';
import { Classifier, loadClassifier } from '../../../sdk/core/classifier.ts';
import { makeDecoder } from '../../../sdk/core/decoders/registry.ts';
import { Encoder } from '../../../sdk/core/encoder.ts';
import { readOnnxTensors } from '../../../sdk/core/engines/onnx-tensors.ts';
import { FrameQueue, type QueueThread } from '../../../sdk/core/frame-queue.ts';
import { loadModel, Model } from '../../../sdk/core/model.ts';
import { type DecoderFactory, NetworkDetector } from '../../../sdk/core/network-detector.ts';
import type { Frame } from '../../../sdk/frame/frame.ts';
import { PythonEngine, type Transport } from './python-engine.ts';
import type { BenchEngine, Measurement, Subject } from './task.ts';

/** A network in one engine, ours or another: a frame in, a result out. */
export interface Runner {
  readonly engine: BenchEngine;
  /** Of a detector or of a classifier. */
  readonly network: Model | Classifier;
  readonly foreign: Measurement['foreign'];
  /** Of a foreign engine, what loading and a first run took there, ms. */
  readonly startMs: number | undefined;
  /** Runs on a frame. @returns The network's own time, ms. */
  look(frame: Frame): Promise<number>;
  /** What the way to a foreign engine took so far; it is none of its own. */
  transport(): Transport;
  /** Of a foreign engine, resident memory that it adds to its own process, bytes. */
  addedBytes(): Promise<number | undefined>;
  close(): Promise<void>;
}

/** What a model is for, before it is loaded. @throws InputError when there is no such model. */
export async function taskOf(found: FoundModel): Promise<string> {
  const form = (await hasForm(found, 'network')) ? 'network' : 'program';
  const description = found.card ?? (await readForm(found, form)).description;
  return ('ultralytics' in description ? description.task : description.task) ?? 'detect';
}

/** Loads a model in the engine that a subject names. @throws InputError when it cannot be run there. */
export async function openRunner(subject: Subject): Promise<Runner> {
  const { model, threads, engine } = subject;
  if (subject.adapter) return openAdapter(subject);
  const isClassifier = (await taskOf(await findModel(model))) === 'classify';
  const network = isClassifier
    ? await loadClassifier(model, { engine, threads })
    : await loadModel(model, { engine, threads });
  return {
    engine: network.engine,
    network,
    foreign: null,
    startMs: undefined,
    look: (frame) => look(network, frame),
    transport: () => ({ wallMs: 0, oursMs: 0, theirsMs: 0 }),
    addedBytes: async () => undefined,
    close: () => network.close(),
  };
}

async function look(network: Model | Classifier, frame: Frame): Promise<number> {
  const { times } = network instanceof Model ? await network.detectTimed(frame) : await network.classifyTimed(frame);
  return times.inferMs;
}

/** The same around an engine of another process: preprocessing, decoding and what is asked of a model are ours. */
async function openAdapter({ model, threads, adapter }: Subject): Promise<Runner> {
  const found = await findModel(model);
  const tensors = await tensorsOf(found);
  const card = await cardOf(found, tensors);
  const { width, height } = card.input;
  const engine = new PythonEngine(adapter!, [1, 3, height, width], tensors.outputs);
  await engine.load(new Uint8Array(), { threads });
  try {
    const fitted = ofAdapter(card, engine.header.input);
    const worker =
      fitted.task === 'classify'
        ? new Encoder(engine, fitted)
        : new NetworkDetector(engine, fitted, builtIn(fitted.decoder));
    const thread: QueueThread = {
      request: async (request) => {
        if (request.type === 'detect' && worker instanceof NetworkDetector)
          return (await worker.detect(request)) as never;
        if (request.type === 'encode' && worker instanceof Encoder) return (await worker.encode(request)) as never;
        throw new Error(`expected what a model of the task ${fitted.task} is asked, got ${request.type}`);
      },
      close: () => engine.close(),
    };
    const queue = new FrameQueue(fitted.name, thread);
    // Their own field `engine` is for programs, which know only ours.
    const name = adapter!.engine as never;
    const network =
      fitted.task === 'classify'
        ? new Classifier(fitted, queue, name, fitted.activation)
        : new Model(fitted, queue, name);
    const { version, precision, startMs } = engine.header;
    return {
      engine: adapter!.engine,
      network,
      foreign: { version, precision },
      startMs,
      look: (frame) => look(network, frame),
      transport: () => engine.transport,
      addedBytes: () => engine.addedBytes(),
      close: () => network.close(),
    };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** @throws InputError for a decoder of a program's own, which is registered in our engines' thread only. */
function builtIn(decoder: DetectorCard['decoder']): DecoderFactory {
  if (decoder.type !== 'custom') return (card, outputs) => makeDecoder(decoder, card, outputs);
  throw new InputError(
    `decoder: expected one that is built in, got ${decoder.name}: one of a program's own runs with our engines only`,
  );
}

/** The engine takes floats, with the card's normalisation, in the layout of its own file. */
function ofAdapter<T extends ModelCard>(card: T, input: readonly number[]): T {
  const layout = input.at(-1) === 3 && input[1] !== 3 ? 'NHWC' : 'NCHW';
  const { name: _, ...own } = card.input;
  return { ...card, input: { ...own, layout, type: 'float32' } };
}

/** Of the network, by whose names the card's decoder finds its outputs; none where there is a program only. */
async function tensorsOf(found: FoundModel): Promise<ReturnType<typeof readOnnxTensors>> {
  if (!(await hasForm(found, 'network'))) return { inputs: [], outputs: [] };
  return readOnnxTensors(await readFile(found.network!.path));
}

async function cardOf(found: FoundModel, tensors: ReturnType<typeof readOnnxTensors>): Promise<ModelCard> {
  if (found.card) return found.card;
  const { description } = await readForm(found, 'network');
  if (!('ultralytics' in description)) return description;
  return description.task === 'classify'
    ? ultralyticsClassifierCard(description, tensors)
    : ultralyticsCard(description, tensors);
}
