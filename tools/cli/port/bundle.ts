import { InputError } from '../../../sdk/base/errors.ts';
import type { Tensors, Tolerance } from './compare.ts';
import { bytesOf, type FedInput, type FedPicture, numbersOf } from './feed.ts';
import { beyond, compareOutputs, type ProvenOutput } from './proof.ts';
import type { Run, Runner } from './run.ts';
import { type PortTensor, readTensorFile, writeTensorFile } from './tensors.ts';

/** So many pictures go into a bundle: it is carried to boards. */
const mostPictures = 4;
export const bundleEnding = '.bundle.safetensors';

/** Writes pictures and what the source gave for them, for `--on-board`. */
export async function writeBundle(
  path: string,
  pictures: readonly FedPicture[],
  input: FedInput,
  { outputs }: Run,
  limits: { readonly float: Tolerance; readonly quantised: Tolerance },
): Promise<void> {
  const tensors = new Map<string, PortTensor>();
  for (const [i, picture] of pictures.slice(0, mostPictures).entries()) {
    tensors.set(`${i}/pixels`, numbersOf(picture, { ...input, type: 'uint8' }));
    for (const [name, tensor] of outputs[i]!) tensors.set(`${i}/output/${name}`, tensor);
  }
  const { width, height, layout, type, mean, std } = input;
  const metadata = {
    input: JSON.stringify({ width, height, layout, type, mean, std }),
    limits: JSON.stringify(limits),
  };
  await writeTensorFile(path, { metadata, tensors });
}

export interface BoardCheck {
  /** What ran it. */
  readonly title: string;
  readonly pictures: number;
  readonly tolerance: Tolerance;
  readonly outputs: readonly ProvenOutput[];
  readonly problems: readonly string[];
}

/**
 * Runs a model of this board on a bundle's pictures, and compares what it gives with what the source gave.
 *
 * @param isProgram It takes pixels and computes in 8 bits.
 * @throws InputError when the file is no bundle, or the model has not its outputs.
 */
export async function checkBundle(
  path: string,
  runner: Runner,
  isProgram: boolean,
  given: Partial<Tolerance> = {},
): Promise<BoardCheck> {
  const { metadata, tensors } = await readTensorFile(path);
  const { input, limits } = parsed(metadata, path);
  const pictures: FedPicture[] = [];
  const expected: Tensors[] = [];
  for (let i = 0; tensors.has(`${i}/pixels`); i++) {
    const start = `${i}/output/`;
    const pixels = Uint8Array.from(tensors.get(`${i}/pixels`)!.data);
    pictures.push({ file: `${i}`, width: input.width, height: input.height, pixels });
    const own = [...tensors].filter(([name]) => name.startsWith(start));
    expected.push(new Map(own.map(([name, tensor]) => [name.slice(start.length), tensor])));
  }
  if (pictures.length === 0 || expected.some(({ size }) => size === 0)) {
    throw new InputError(
      `${path}: expected pictures and outputs, as \`ocellus port\` writes them, got ${tensors.size} tensors`,
    );
  }
  const fed = isProgram ? bytesOf : numbersOf;
  const run = await runner(pictures.map((picture) => fed(picture, input)));
  const tolerance = { ...(isProgram ? limits.quantised : limits.float), ...given };
  const outputs = compareOutputs(expected, run.outputs, tolerance);
  const problems = outputs
    .filter((one) => !one.isWithin)
    .map((one) => beyond(`the output ${one.name}`, one, tolerance));
  return { title: run.title, pictures: pictures.length, tolerance, outputs, problems };
}

function parsed(metadata: Readonly<Record<string, string>>, path: string) {
  try {
    const input = JSON.parse(metadata.input ?? '') as FedInput;
    const limits = JSON.parse(metadata.limits ?? '') as { float: Tolerance; quantised: Tolerance };
    const isRight =
      [input.width, input.height].every((side) => Number.isInteger(side) && side > 0 && side <= 8192) &&
      ['NCHW', 'NHWC'].includes(input.layout) &&
      [input.mean, input.std].every((three) => three.length === 3) &&
      [limits.float, limits.quantised].every(({ share, cosine }) => share >= 0 && cosine <= 1);
    if (isRight) return { input, limits };
  } catch {
    // Told below.
  }
  throw new InputError(
    `${path}: expected a bundle that \`ocellus port\` wrote, got a safetensors file of something else`,
  );
}
