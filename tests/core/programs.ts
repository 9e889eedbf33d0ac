import { writeProgram } from '../../sdk/core/program/format.ts';
import type { Program, ProgramStep, ProgramTensor, ProgramView } from '../../sdk/core/program/program.ts';

/** Views that lie one behind the other in an arena. */
class Arena {
  readonly views: ProgramView[] = [];
  bytes = 64;

  /** @returns The view's index. */
  add(h: number, w: number, channels: number, element: 'uint8' | 'float32' = 'uint8'): number {
    const pixelBytes = channels * (element === 'uint8' ? 1 : 4);
    this.views.push({ offset: this.bytes, h, w, channels, pixelBytes, rowBytes: w * pixelBytes, halo: 0, element });
    this.bytes += Math.ceil((h * w * pixelBytes) / 64) * 64;
    return this.views.length - 1;
  }

  file(tensors: ProgramTensor[], steps: ProgramStep[]): Uint8Array<ArrayBuffer> {
    const program: Program = { tensors, views: this.views, steps, arenaBytes: this.bytes + 64 };
    return writeProgram(program);
  }
}

const plain = { epilogue: 'linear', macs: 0 } as const;
const window = { pad: [0, 0], dilation: [1, 1] } as const;

/**
 * A detector of 32x32 pixels for a `yolov8` card of two labels: one cat in the middle, 16 x 8, whose score is that share of
 * the greatest number in the picture (114, the letterbox grey: 0.9).
 */
export function catProgram(): Uint8Array<ArrayBuffer> {
  const arena = new Arena();
  const [picture, greatest, numbers] = [arena.add(32, 32, 3), arena.add(1, 1, 3), arena.add(1, 1, 6, 'float32')];
  const weights = new Int8Array(18);
  weights[4 * 3 + 1] = 1;
  return arena.file(
    [
      { name: 'images', direction: 'input', element: 'uint8', shape: [1, 32, 32, 3] },
      {
        name: 'output0',
        direction: 'output',
        element: 'float32',
        shape: [1, 6, 1],
        offset: arena.views[numbers]!.offset,
      },
    ],
    [
      { ...plain, op: 'input', name: 'images', in: 0, out: picture },
      {
        ...plain,
        op: 'max_pool',
        name: 'greatest',
        in: picture,
        out: greatest,
        ...window,
        kernel: [32, 32],
        stride: [32, 32],
      },
      {
        ...{ op: 'conv', epilogue: 'float', name: 'numbers', in: greatest, out: numbers, macs: 18 },
        ...{ ...window, kernel: [1, 1], stride: [1, 1] },
        ...{ weights, bias: Int32Array.of(16, 16, 16, 8, 0, 1), m: Float32Array.of(1, 1, 1, 1, 0.9 / 114, 0.1) },
      },
    ],
  );
}

/** What `meansModel` is, compiled: means of red, green and blue, over 100, as embedding and as logits. */
export function meansProgram(): Uint8Array<ArrayBuffer> {
  const arena = new Arena();
  const [picture, means] = [arena.add(8, 8, 3), arena.add(1, 1, 3)];
  const outputs = ['embedding', 'logits'].map((name) => ({ name, view: arena.add(1, 1, 3, 'float32') }));
  const all = (value: number) => Uint8Array.of(value, value, value);
  return arena.file(
    [
      { name: 'images', direction: 'input', element: 'uint8', shape: [1, 8, 8, 3] },
      ...outputs.map(({ name, view }): ProgramTensor => {
        return { name, direction: 'output', element: 'float32', shape: [1, 3], offset: arena.views[view]!.offset };
      }),
    ],
    [
      { ...plain, op: 'input', name: 'images', in: 0, out: picture },
      {
        ...{
          ...plain,
          op: 'average_pool',
          name: 'means',
          in: picture,
          out: means,
          ...window,
          kernel: [8, 8],
          stride: [8, 8],
        },
        ...{ bias: new Int32Array(3), m: new Float32Array(3).fill(1 / 64), z: all(0), lo: all(0), hi: all(255) },
      },
      ...outputs.map(({ name, view }): ProgramStep => {
        const m = new Float32Array(3).fill(1 / 100);
        return { ...plain, op: 'dequantise', name, in: means, out: view, za: all(0), m };
      }),
    ],
  );
}
