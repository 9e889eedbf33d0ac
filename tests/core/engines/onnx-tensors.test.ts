import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { readOnnxTensors } from '../../../sdk/core/engines/onnx-tensors.ts';
import { OnnxRuntimeEngine } from '../../../sdk/core/engines/onnxruntime.ts';
import { onnxModel } from '../onnx-builder.ts';

describe('readOnnxTensors', () => {
  it('tells what onnxruntime tells of a model that ships', async () => {
    const bytes = readFileSync(asset('sdk', 'models', 'nanodet-g-416-int8.onnx'));
    const engine = new OnnxRuntimeEngine();
    await engine.load(bytes, { threads: 1 });
    expect(readOnnxTensors(bytes)).toEqual({ inputs: engine.inputs, outputs: engine.outputs });
    await engine.close();
  });

  it('takes a side of -1, as Paddle writes it, for an open one', () => {
    const model = onnxModel({
      inputs: [{ name: 'a', shape: [-1, 3, 48, -1] }],
      outputs: [{ name: 'b', shape: [-1, 2] }],
    });
    expect(readOnnxTensors(model)).toMatchObject({
      inputs: [{ shape: ['', 3, 48, ''] }],
      outputs: [{ shape: ['', 2] }],
    });
  });

  it('reads types and open sides, and leaves constants out', () => {
    const model = onnxModel({
      inputs: [
        { name: 'a', type: 'uint8', shape: ['batch', 3] },
        { name: 'weights', shape: [2] },
      ],
      outputs: [{ name: 'b', type: 'int64', shape: [1, 'any'] }],
      constants: [{ name: 'weights', shape: [2], data: [1, 2] }],
    });
    expect(readOnnxTensors(model)).toEqual({
      inputs: [{ name: 'a', type: 'uint8', shape: ['batch', 3] }],
      outputs: [{ name: 'b', type: 'int64', shape: [1, 'any'] }],
    });
  });
});
