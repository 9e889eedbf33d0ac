import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { PbfWriter } from 'pbf';
import { InputError, messageOf } from '../../../base/errors.ts';
import type { ExternalWeights } from '../../engines/engine.ts';
import { halfFloats } from '../../engines/narrowed.ts';
import { assertHalfFloats, onnxruntime } from '../../engines/onnxruntime-package.ts';
import { plainFault } from '../../onnx/load-faults.ts';

/** Types of tensors that onnxruntime gives to JavaScript. Asked for one of 4 bits it ends the process, for want of memory. */
const givenTypes: ReadonlySet<string> = new Set([
  ...['float16', 'float32', 'float64', 'bool', 'string'],
  ...['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'],
]);

/** A network that gives any tensor between its nodes, in float and node by node as the file has them. */
export class Tracer {
  readonly #session: InferenceSession;
  /** Its own outputs and those between that are wanted, but for those that cannot be had. */
  readonly #given: readonly string[];
  /** The types of those that cannot be had. */
  readonly lacking: ReadonlyMap<string, string>;

  private constructor(session: InferenceSession) {
    this.#session = session;
    const outputs = session.outputMetadata.map((one) => ({ name: one.name, type: one.isTensor ? one.type : 'none' }));
    this.#given = outputs.filter(({ type }) => givenTypes.has(type)).map(({ name }) => name);
    this.lacking = new Map(outputs.filter(({ type }) => !givenTypes.has(type)).map(({ name, type }) => [name, type]));
  }

  /**
   * @param tensors Those that are wanted beside its outputs.
   * @throws InputError when onnxruntime cannot run the network.
   */
  static async open(
    model: Uint8Array,
    weights: readonly ExternalWeights[],
    tensors: readonly string[],
  ): Promise<Tracer> {
    const { InferenceSession } = onnxruntime();
    try {
      const session = await InferenceSession.create(withOutputs(model, tensors), {
        executionProviders: ['cpu'],
        // What the optimiser joins would not be there to be looked at.
        graphOptimizationLevel: 'disabled',
        logSeverityLevel: 3,
        ...(weights.length > 0 && { externalData: weights.map(({ path, data }) => ({ path, data })) }),
      });
      if (session.outputMetadata.some((one) => one.isTensor && one.type === 'float16')) assertHalfFloats();
      return new Tracer(session);
    } catch (error) {
      throw plainFault(
        new InputError(`onnxruntime cannot load the network, so it cannot be compiled: ${messageOf(error)}`),
      );
    }
  }

  /** What the network says of its inputs. */
  get inputs(): { name: string; type: string; shape: readonly (number | string)[] }[] {
    return this.#session.inputMetadata.flatMap((one) =>
      one.isTensor ? [{ name: one.name, type: one.type, shape: one.shape }] : [],
    );
  }

  /** @returns All but those that are `lacking`. @throws InputError when onnxruntime cannot run it on these. */
  async run(feeds: Readonly<Record<string, OrtTensor>>): Promise<ReadonlyMap<string, OrtTensor>> {
    try {
      const found = Object.entries(await this.#session.run(feeds, this.#given));
      return new Map(found.map(([name, tensor]) => [name, inFloats(tensor)]));
    } catch (error) {
      throw plainFault(new InputError(`onnxruntime, node by node, cannot compute it: ${messageOf(error)}`));
    }
  }

  close(): Promise<void> {
    return this.#session.release();
  }
}

/** Half floats come as their bits. */
function inFloats(tensor: OrtTensor): OrtTensor {
  if (tensor.type !== 'float16') return tensor;
  const { Tensor } = onnxruntime();
  return new Tensor('float32', halfFloats(tensor.data), tensor.dims);
}

/** Two messages of protocol buffers in a row are one: the model's graph, and a graph of nothing but outputs. */
function withOutputs(model: Uint8Array, tensors: readonly string[]): Uint8Array {
  const writer = new PbfWriter();
  writer.writeMessage(
    7,
    (names: readonly string[], graph) => {
      for (const name of names) {
        graph.writeMessage(12, (one: string, value) => value.writeStringField(1, one), name);
      }
    },
    tensors,
  );
  return Buffer.concat([model, writer.finish()]);
}
