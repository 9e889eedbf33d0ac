import { InputError } from '../../sdk/base/errors.ts';
import type { ModelCard } from '../../sdk/core/cards/card.ts';
import { type LabelledPixels, PixelMaker } from '../../sdk/core/quantise/pictures.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { readPicture } from '../../sdk/picture/picture.ts';
import { progress } from '../shared/output.ts';
import { boxedPictures } from './labelled-boxes.ts';
import { labelledPictures } from './picture-files.ts';
import { YoloLabels } from './yolo-labels.ts';

/**
 * A folder's pictures as a network takes them, with their labels: of a detector YOLO labels beside them, of a classifier in a folder
 * for each of the card's labels.
 *
 * @throws InputError when there are none, one cannot be read, or a label is not the card's.
 */
export async function labelledPixels(folder: string, card: ModelCard): Promise<LabelledPixels[]> {
  const maker = new PixelMaker(card);
  const makers = card.task === 'detect' ? await boxed(folder, card, maker) : await named(folder, card, maker);
  const bar = progress('labelled pictures', makers.length);
  const made: LabelledPixels[] = [];
  try {
    for (const { file, make } of makers) {
      const frame = await readPicture(file);
      try {
        made.push(await make(frame));
      } finally {
        frame.release();
      }
      bar.step();
    }
  } finally {
    bar.done();
  }
  return made;
}

interface ToMake {
  readonly file: string;
  readonly make: (frame: Frame) => LabelledPixels | Promise<LabelledPixels>;
}

async function boxed(folder: string, card: ModelCard, maker: PixelMaker): Promise<ToMake[]> {
  const reader = new YoloLabels(card.labels);
  return (await boxedPictures(folder)).map(({ picture, labels }) => ({
    file: picture,
    make: async (frame) => maker.withObjects(frame, await reader.read(labels, frame)),
  }));
}

async function named(folder: string, card: ModelCard, maker: PixelMaker): Promise<ToMake[]> {
  if (card.task === 'detect' || card.outputs.logits === undefined || card.labels.length === 0) {
    throw new InputError(
      `--validate: ${card.name} names nothing by itself (its card has no logits with labels): leave --validate out, and recipes are compared by the network's numbers`,
    );
  }
  return (await labelledPictures(folder)).map(({ file, label }) => {
    const classId = card.labels.indexOf(label);
    if (classId < 0) {
      throw new InputError(
        `${folder}: expected a folder for each label of ${card.name}, with its name (${card.labels.slice(0, 3).join(', ')} …), got ${label}`,
      );
    }
    return { file, make: (frame) => ({ pixels: maker.of(frame), labels: { classId } }) };
  });
}
