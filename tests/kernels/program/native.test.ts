import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { Program } from '../../../sdk/kernels/program/native.ts';
import { needsAddon, variants } from '../variants.ts';
import { tinyProgram } from './tiny.mjs';

/** A picture of 4 x 4 pixels whose first channel counts, and the largest values of its quarters. */
const picture = Uint8Array.from({ length: 48 }, (_, i) => (i % 3 === 0 ? i / 3 : i % 3 === 1 ? 200 - i : 7));
const pooled = [5, 199, 7, 7, 193, 7, 13, 175, 7, 15, 169, 7];

/** A copy with other bytes, and the checksum of those. */
function changed(change: (bytes: DataView) => void): Uint8Array {
  const bytes = tinyProgram();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  change(view);
  view.setUint32(24, crc32(bytes.subarray(96)), true);
  return bytes;
}

describe.each(variants)(`a program on $name${needsAddon}`, ({ functions }) => {
  it.each([1, 2, 5])('gives the same with %d threads, into the same arrays each time', (threads) => {
    const program = new Program(functions, tinyProgram(), 'tiny', { threads });
    const { data } = program.outputs[0]!;
    program.run([picture]);
    expect([...data]).toEqual(pooled);
    program.run([new Uint8Array(48)]);
    expect([...data]).toEqual(new Array(12).fill(0));
    expect(program.outputs[0]!.data).toBe(data);
    program.close();
  });

  it('says what goes in and what comes out, and how long each step took', () => {
    const program = new Program(functions, tinyProgram(), 'tiny');
    expect(program.info.tensors).toEqual([
      { name: 'in', direction: 'input', element: 'uint8', dims: [1, 4, 4, 3] },
      { name: 'out', direction: 'output', element: 'uint8', dims: [1, 2, 2, 3] },
    ]);
    expect(program.info.steps.map(({ name }) => name)).toEqual(['take', 'pool']);
    expect(program.info.arenaBytes).toBe(256);
    const nanoseconds = new Float64Array(2).fill(-1);
    program.run([picture], nanoseconds);
    expect(nanoseconds.every((time) => time >= 0 && time < 1e9)).toBe(true);
    program.close();
  });

  it('keeps an output that is held on to, after it was closed', () => {
    const program = new Program(functions, tinyProgram(), 'tiny', { threads: 2 });
    const { data } = program.outputs[0]!;
    program.run([picture]);
    program.close();
    expect([...data]).toEqual(pooled);
    expect(() => program.run([picture])).toThrow(new TypeError('program: it was closed'));
    expect(() => program.close()).toThrow('it was closed');
  });

  it('refuses inputs that do not fit', () => {
    const program = new Program(functions, tinyProgram(), 'tiny');
    expect(() => program.run([])).toThrow('expected an array for each input (in is missing), got 0');
    expect(() => program.run([picture, picture])).toThrow('inputs: expected 1, got 2');
    expect(() => program.run([picture.subarray(1)])).toThrow('in: expected 48 values, got 47');
    expect(() => program.run([picture], new Float64Array(3))).toThrow(
      'nanoseconds: expected 2 values, one a step, got 3',
    );
    program.close();
  });

  it.each([0, -1, 1.5, 65, Number.NaN])('refuses %d threads', (threads) => {
    expect(() => new Program(functions, tinyProgram(), 'tiny', { threads })).toThrow(RangeError);
  });

  it.each([
    { name: 'nothing', bytes: new Uint8Array(0), says: 'of at least 96 bytes, got 0 bytes: it was cut off' },
    { name: 'another kind of file', bytes: new Uint8Array(1000), says: 'got another kind of file' },
    {
      name: 'one that was cut',
      bytes: tinyProgram().subarray(0, 900),
      says: 'expected 1024 bytes as its header says, got 900',
    },
    {
      name: 'another version',
      bytes: changed((view) => view.setUint32(8, 2, true)),
      says: 'expected a program of version 1, got 2',
    },
    {
      name: 'a step that is not known',
      bytes: changed((view) => view.setUint16(128 + 192, 99, true)),
      says: 'step 1 (pool): expected an operation from 1 to 27, got 99',
    },
    {
      name: 'a window beyond the picture',
      bytes: changed((view) => view.setUint16(128 + 192 + 28, 60, true)),
      says: 'step 1 (pool): expected a pixel of the 4 x 4 input in each window',
    },
    {
      name: 'a view beyond the arena',
      bytes: changed((view) => view.setUint32(640 + 48 + 8, 400, true)),
      says: "view 1: expected it within the arena's 256 bytes",
    },
  ])('refuses $name, with the file and the step', ({ bytes, says }) => {
    const load = () => new Program(functions, bytes, 'tiny.ocp');
    expect(load).toThrow(InputError);
    expect(load).toThrow(/^tiny\.ocp: /);
    expect(load).toThrow(says);
  });

  it('finds each bit that fell over', () => {
    const bytes = tinyProgram();
    for (let at = 96; at < bytes.length; at += 13) {
      const damaged = bytes.slice();
      damaged[at] = damaged[at]! ^ (1 << (at % 8));
      expect(() => functions.programLoad(damaged, 1)).toThrow('the file is damaged');
    }
  });
});
