import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../../sdk/base/assets.ts';
import { defaultModel } from '../../../sdk/config/schema.ts';
import { Program } from '../../../sdk/kernels/program/native.ts';
import { needsAddon, sameBits, variants } from '../variants.ts';

const file = readFileSync(`${packageRoot}/sdk/models/${defaultModel}.ocp`);
const picture = Uint8Array.from({ length: 416 * 416 * 3 }, (_, i) =>
  i % 5 < 2 ? Math.imul(i, 2654435761) >>> 24 : i >> 9,
);

/** What comes out of the default model, whose weights are those of training: pairs of them overflow, as random ones may not. */
function outputsOn({ functions }: (typeof variants)[number]): Float32Array[] {
  const program = new Program(functions, file, defaultModel);
  program.run([picture]);
  const outputs = program.outputs.map(({ data }) => Float32Array.from(data));
  program.close();
  return outputs;
}

describe(`the default model${needsAddon}`, () => {
  let expected: Float32Array[];
  beforeAll(() => {
    const scalar = variants.find(({ name }) => name === 'scalar');
    if (scalar) expected = outputsOn(scalar);
  });

  it.each(variants.filter(({ name }) => name !== 'scalar'))('gives the bits of scalar kernels on $name', (variant) => {
    const outputs = outputsOn(variant);
    expect(new Set(expected[0]).size).toBeGreaterThan(50);
    outputs.forEach((data, i) => {
      expect(sameBits(data, expected[i]!)).toBe(true);
    });
  });
});
