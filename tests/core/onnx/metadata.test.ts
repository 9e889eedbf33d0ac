import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { PbfWriter } from 'pbf';
import { describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { readOnnxMetadata } from '../../../sdk/core/onnx/metadata.ts';
import { input } from '../cards.ts';
import { constantModel } from '../onnx-builder.ts';

const model = (metadata: Record<string, string>) =>
  constantModel(input, [{ name: 'o', shape: [1], data: [0] }], metadata);
const read = (bytes: Uint8Array) => readOnnxMetadata(bytes, 'x.onnx');

describe('readOnnxMetadata', () => {
  it('reads what was written', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string({ unit: 'grapheme' })),
        (entries) => {
          const plain = Object.fromEntries(Object.entries(entries));
          expect(Object.fromEntries(read(model(plain)))).toEqual(plain);
        },
      ),
    );
  });

  it('reads the card that is inside a model that ships', async () => {
    const bytes = await readFile(asset('sdk', 'models', 'nanodet-g-416-int8.onnx'));
    expect(JSON.parse(read(bytes).get('ocellus')!)).toMatchObject({ name: 'nanodet-g-416-int8', task: 'detect' });
  });

  it('skips fields it does not know, of any kind', () => {
    const writer = new PbfWriter();
    writer.writeFixed64Field(100, 1);
    writer.writeFixed32Field(101, 1);
    writer.writeVarintField(102, 300);
    writer.writeStringField(103, 'later');
    const bytes = Uint8Array.from([...writer.finish(), ...model({ a: 'b' })]);
    expect([...read(bytes)]).toEqual([['a', 'b']]);
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['text', new TextEncoder().encode('this is no model at all')],
    ['a JPEG', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46)],
    ['zeros', new Uint8Array(100)],
    ['a protobuf without a graph', Uint8Array.of(8, 8)],
  ])('refuses %s', (_, bytes) => {
    expect(() => read(bytes)).toThrow(InputError);
    expect(() => read(bytes)).toThrow(
      `x.onnx: expected an ONNX model, got ${bytes.length} bytes of something else, or of an incomplete one`,
    );
  });

  it('refuses a model that ends early, wherever that is in its graph', () => {
    const whole = model({});
    // What comes after the graph (which operators it needs) is a whole field: a cut there cannot be seen here.
    for (let length = 0; length < whole.length - 4; length++) {
      expect(() => read(whole.subarray(0, length))).toThrow(InputError);
    }
  });

  it('never fails otherwise, whatever bytes it gets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          read(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
