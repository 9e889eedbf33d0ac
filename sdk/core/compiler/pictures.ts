import { letterboxGeometry } from '../../frame/letterbox.ts';
import { kernels } from '../../kernels/kernels.ts';
import { channelsOf } from '../../kernels/preprocess/preprocess.ts';
import { readPicture } from '../../picture/picture.ts';
import type { ModelCard } from '../cards/card.ts';

/** Pictures of files as a network takes them: whole, and prepared as its card says. */
export async function* preparedPictures(
  { input }: ModelCard,
  files: readonly string[],
  told: () => void = () => {},
): AsyncGenerator<Uint8Array | Float32Array> {
  const preprocessor = kernels.preprocessor(input);
  const length = input.width * input.height * channelsOf(input);
  const numbers = input.type === 'uint8' ? new Uint8Array(length) : new Float32Array(length);
  for (const file of files) {
    const frame = await readPicture(file);
    try {
      preprocessor.run(frame, letterboxGeometry(frame, input), numbers);
    } finally {
      frame.release();
    }
    yield numbers;
    told();
  }
}
