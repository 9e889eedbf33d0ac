import type { Tensor as OrtTensor } from 'onnxruntime-node';
import { isNarrowed, narrow, narrowedArray } from './narrowed.ts';
import { onnxruntime } from './onnxruntime-package.ts';

/** A picture for the network's input. */
export function pictureTensor(type: string, data: Uint8Array | Float32Array, shape: readonly number[]): OrtTensor {
  const { Tensor } = onnxruntime();
  if (type === 'uint8') return new Tensor('uint8', Uint8Array.from(data), shape);
  if (isNarrowed(type)) {
    const numbers = narrowedArray(type, data.length);
    narrow(type, Float32Array.from(data), numbers);
    return new Tensor(type as 'int8', numbers as Int8Array, shape);
  }
  return new Tensor('float32', Float32Array.from(data), shape);
}
