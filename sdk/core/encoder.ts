import { InputError, ModelError } from '../base/errors.ts';
import { letterboxGeometry } from '../frame/letterbox.ts';
import { kernels } from '../kernels/kernels.ts';
import { channelsOf, type Preprocessor } from '../kernels/preprocess/preprocess.ts';
import type { ClassifierCard } from './cards/card.ts';
import { assertNormalisation } from './cards/normalisation.ts';
import { pictureInput } from './engines/binding.ts';
import type { Engine, Tensor } from './engines/engine.ts';
import type { EncodedReply, EncodeRequest } from './messages.ts';

/**
 * Batch size for networks with a dynamic batch. With EfficientNet-Lite0 int8 on one thread, each picture in a batch of
 * 4 takes 0.88 of the processor time of a single one, in a batch of 8 0.96.
 */
const batch = 4;

/** A loaded classifier with its card: regions in, embeddings and logits out. Lives in the core's thread. */
export class Encoder {
  readonly card: ClassifierCard;
  readonly #engine: Engine;
  readonly #preprocessor: Preprocessor;
  /** Where each picture of a batch is written. */
  readonly #slots: readonly (Uint8Array | Float32Array)[];

  /** @throws InputError when the card does not fit the model the engine has loaded. */
  constructor(engine: Engine, card: ClassifierCard) {
    const { inputs, outputs } = engine;
    const input = pictureInput(inputs);
    const { name = input?.name ?? '', type, layout, width, height } = card.input;
    assertNormalisation(card.input);
    for (const { role, name: wanted, size } of outputsOf(card)) {
      const output = outputs.find((one) => one.name === wanted);
      if (output?.type !== 'float32' || !isOpenOr(output.shape.at(-1), size)) {
        const there = outputs.map((one) => `${one.name} ${one.type} [${one.shape.join(', ')}]`).join(', ');
        throw new InputError(
          `outputs.${role}: expected an output ${wanted} float32 [N, ${size}], the model has ${there}`,
        );
      }
    }
    this.card = card;
    this.#engine = engine;
    const many = typeof input?.shape[0] === 'number' && input.shape[0] > 0 ? 1 : batch;
    const channels = channelsOf(card.input);
    const picture = layout === 'NCHW' ? [channels, height, width] : [height, width, channels];
    const buffer = engine.bind(name, type, [many, ...picture]);
    const length = width * height * channels;
    this.#slots = Array.from({ length: many }, (_, i) => buffer.subarray(i * length, (i + 1) * length));
    this.#preprocessor = kernels.preprocessor(card.input);
  }

  /** @throws ModelError when the model's outputs turn out not to be what the card says. */
  async encode({ frame, regions }: EncodeRequest): Promise<EncodedReply> {
    const { name, input, outputs: names, dimension, labels } = this.card;
    const whole = letterboxGeometry(frame, input);
    const ofRegion = { ...input, resize: input.region_resize };
    const geometries = regions?.map((region) => letterboxGeometry(frame, ofRegion, region)) ?? [whole];
    const embeddings = new Float32Array(geometries.length * dimension);
    const logits = new Float32Array(geometries.length * labels.length);
    const times = { preprocessMs: 0, inferMs: 0 };
    for (let first = 0; first < geometries.length; first += this.#slots.length) {
      const some = geometries.slice(first, first + this.#slots.length);
      const started = performance.now();
      this.#preprocessor.runBatch(frame, some, this.#slots.slice(0, some.length));
      const preprocessed = performance.now();
      const outputs = await this.#engine.run(some.length);
      times.preprocessMs += preprocessed - started;
      times.inferMs += performance.now() - preprocessed;
      const rows = (output: string, size: number) => rowsOf(name, outputs, output, some.length, size);
      if (names.embedding !== undefined) embeddings.set(rows(names.embedding, dimension), first * dimension);
      logits.set(rows(names.logits, labels.length), first * labels.length);
    }
    return { type: 'encoded', embeddings, logits, times };
  }
}

/** The outputs that are read, and their numbers per picture. */
function outputsOf({ outputs, dimension, labels }: ClassifierCard) {
  const { embedding, logits } = outputs;
  if ((embedding === undefined) !== (dimension === 0)) {
    throw new InputError('expected a card with outputs.embedding and dimension, or with neither of them, got one');
  }
  return [
    ...(embedding === undefined ? [] : [{ role: 'embedding', name: embedding, size: dimension }]),
    { role: 'logits', name: logits, size: labels.length },
  ];
}

const isOpenOr = (side: number | string | undefined, size: number) =>
  side === size || typeof side === 'string' || (typeof side === 'number' && side <= 0);

function rowsOf(
  model: string,
  outputs: ReadonlyMap<string, Tensor>,
  name: string,
  rows: number,
  size: number,
): Float32Array {
  const { data, shape } = outputs.get(name)!;
  if (!(data instanceof Float32Array) || data.length !== rows * size) {
    throw new ModelError(
      `model ${model}: expected output ${name} to be [${rows}, ${size}], it is [${shape.join(', ')}]`,
    );
  }
  return data;
}
