import { InputError } from '../errors.ts';
import { kernels } from '../kernels/kernels.ts';
import type { Preprocessor } from '../kernels/preprocess/preprocess.ts';
import type { ClassifierCard } from './card.ts';
import type { Engine, Tensor } from './engines/engine.ts';
import { letterboxGeometry } from './letterbox.ts';
import type { EncodedReply, EncodeRequest } from './messages.ts';
import { assertNormalisation } from './normalisation.ts';

/**
 * So many pictures go through a network whose batch is open at once. Of EfficientNet-Lite0 int8 on one thread, each of 4 takes
 * 0.88 of the processor time that it takes alone, each of 8 0.96.
 */
const batch = 4;

/** A loaded classifier with its card: regions in, embeddings and logits out. Lives in the core's thread. */
export class Encoder {
  readonly card: ClassifierCard;
  readonly #engine: Engine;
  readonly #preprocessor: Preprocessor;
  /** Where each picture of a batch goes. */
  readonly #slots: readonly (Uint8Array | Float32Array)[];

  /** @throws InputError when the card does not fit the model the engine has loaded. */
  constructor(engine: Engine, card: ClassifierCard) {
    const { inputs, outputs } = engine;
    const { name = inputs[0]?.name ?? '', type, layout, width, height } = card.input;
    assertNormalisation(card.input);
    for (const [role, size] of sizesOf(card)) {
      const wanted = card.outputs[role];
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
    const many = typeof inputs[0]?.shape[0] === 'number' && inputs[0].shape[0] > 0 ? 1 : batch;
    const picture = layout === 'NCHW' ? [3, height, width] : [height, width, 3];
    const input = engine.bind(name, type, [many, ...picture]);
    const length = width * height * 3;
    this.#slots = Array.from({ length: many }, (_, i) => input.subarray(i * length, (i + 1) * length));
    this.#preprocessor = kernels.preprocessor(card.input);
  }

  /** @throws InputError when the model's outputs turn out not to be what the card says. */
  async encode({ frame, regions }: EncodeRequest): Promise<EncodedReply> {
    const { input, outputs: names, dimension, labels } = this.card;
    const whole = letterboxGeometry(frame, input);
    const ofRegion = { ...input, resize: input.regionResize };
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
      embeddings.set(rowsOf(outputs, names.embedding, some.length, dimension), first * dimension);
      logits.set(rowsOf(outputs, names.logits, some.length, labels.length), first * labels.length);
    }
    return { type: 'encoded', embeddings, logits, times };
  }
}

const sizesOf = ({ dimension, labels }: ClassifierCard) =>
  [
    ['embedding', dimension],
    ['logits', labels.length],
  ] as const;

const isOpenOr = (side: number | string | undefined, size: number) =>
  side === size || typeof side === 'string' || (typeof side === 'number' && side <= 0);

function rowsOf(outputs: ReadonlyMap<string, Tensor>, name: string, rows: number, size: number): Float32Array {
  const { data, shape } = outputs.get(name)!;
  if (!(data instanceof Float32Array) || data.length !== rows * size) {
    throw new InputError(`expected output ${name} to be [${rows}, ${size}], it is [${shape.join(', ')}]`);
  }
  return data;
}
