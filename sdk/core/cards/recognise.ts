import { InputError } from '../../base/errors.ts';
import { pictureInput } from '../engines/binding.ts';
import type { TensorInfo } from '../engines/engine.ts';
import { isNarrowed, isWholeNumber, usualMean } from '../engines/narrowed.ts';
import { type Finding, families, type OpenQuestion, refusedBecause } from './families.ts';
import type { LabelList } from './labels-file.ts';
import { modelName } from './model-name.ts';
import { fixedSide, isLast, largest, type NetworkFacts, shapeText, sizeOf } from './network.ts';

/** What somebody knows of a network beside its file. */
export interface Given {
  readonly labels?: LabelList | undefined;
  /** Of its input, where the file leaves it open. */
  readonly size?: { readonly width: number; readonly height: number } | undefined;
}

/** What can be said of a network without a card. */
export interface Recognition {
  /** Undefined when none or several fit. */
  readonly family: string | undefined;
  /** What in the file says so. */
  readonly reasons: readonly string[];
  /** What is not in the file, but the same for all networks of the family. */
  readonly assumed: readonly string[];
  /** What has to be settled before the card is right. Empty: it is complete. */
  readonly open: readonly OpenQuestion[];
  /** The card, as a person writes it; while questions are open, something to begin with. */
  readonly card: Readonly<Record<string, unknown>>;
}

/**
 * Finds out what a network is by the names, types and shapes of its inputs and outputs, and by its last nodes. What the file
 * does not tell is asked, not guessed: a wrong decoder finds wrong things in silence.
 *
 * @param file Its name, of which the card's is made.
 * @throws InputError when the given labels are not as many as its classes.
 */
export function recognise(network: NetworkFacts, file: string, given: Given = {}): Recognition {
  const { inputs, outputs } = network;
  const input = pictureInput(inputs);
  const size = sizeOf(input) ?? given.size ?? network.inside.size;
  const count = (given.labels ?? network.inside.labels)?.labels.length;
  const found = families.flatMap((family) => family(network, size, count) ?? []);
  const [finding] = found;
  const only = found.length === 1 ? finding : undefined;
  if (only) assertLabels(only, outputs, given.labels);
  const ownLabels = given.labels || only?.labels ? undefined : labelsInside(network, only);
  const labels = given.labels ?? ownLabels;
  const open: OpenQuestion[] = [];
  if (!only) open.push(whichFamily(network, found, size !== undefined));
  if (!size) {
    open.push({
      what: `the size of the picture: the input is ${input ? `${input.name} ${shapeText(input)}` : 'missing'}`,
      settle: 'say it (`ocellus models inspect --size 640x480`): that of its training is best',
    });
  }
  if (input && !isPicture(input)) {
    open.push({
      what: `how it is fed: its input ${input.name} ${input.type} ${shapeText(input)} is no picture`,
      settle:
        'export it with one of three colours, [1, 3, height, width] or [1, height, width, 3], or with one channel, at most 8192 pixels a side',
    });
  }
  open.push(...(only?.open ?? []));
  if (!labels && !only?.labels) open.push(whichLabels(only, network.inside.labels));
  return {
    family: only?.family,
    reasons: only
      ? [
          ...only.reasons,
          ...(ownLabels ? [`its ${ownLabels.labels.length} labels are ${ownLabels.path}`] : []),
          ...(network.inside.align
            ? [`its metadata (letterbox_pad) says where the picture lies: ${network.inside.align}`]
            : []),
        ]
      : found.flatMap(({ family, reasons }) => reasons.map((one) => `${family}: ${one}`)),
    assumed: [...(only?.assumed ?? []), ...fedAsPixels(input)],
    open,
    card: cardOf(network, modelName(file, 'my-model'), only, size, labels),
  };
}

function whichFamily(network: NetworkFacts, found: readonly Finding[], isSized: boolean): OpenQuestion {
  if (found.length > 1) {
    return {
      what: `which of these it is: ${found.map(({ family }) => family).join('; or ')}`,
      settle: 'write the card with the decoder of the one that it is (docs/models.md)',
    };
  }
  const refused = refusedBecause(network);
  if (refused) return { what: `how its outputs are read: ${refused}`, settle: 'export it again' };
  const { outputs } = network;
  const told = outputs.map((output) => `${output.name} ${output.type} ${shapeText(output)}`).join(', ');
  const [first] = outputs;
  if (outputs.length === 1 && first!.shape.length === 2) {
    return {
      what: `how its pixels are normalised: its output ${told} is a classifier’s, but the mean and deviation are not in the file`,
      settle: 'write the card with the mean and std of its training (PyTorch: 255 times those of its transforms)',
    };
  }
  if (outputs.length === 1 && first!.shape.length === 3 && first!.shape[2] === 6) {
    return {
      what: `how its output ${told} is read: rows of x1, y1, x2, y2, score, class; of centre and size; as fractions; or a score for each of two classes`,
      settle: 'write the card: "suppressed" (with "boxes" and "normalised" as they are), "rtdetr" or "yolov5"',
    };
  }
  const bySize = isSized ? '' : ', which for many networks can be told once the size is known';
  return {
    what: `how its outputs are read${bySize}: they are ${told || 'missing'}, which no network that is recognised has`,
    settle: isSized ? 'write the card (docs/models.md has the decoders), or a decoder of your own' : 'say the size',
  };
}

/**
 * Those of its metadata, where they are as many as the classes, or these cannot be counted. Of what is not recognised, where
 * an output has as many numbers: a network that reads text lists its characters in the same way.
 */
function labelsInside({ inside, outputs }: NetworkFacts, finding: Finding | undefined): LabelList | undefined {
  const count = inside.labels?.labels.length;
  if (!finding) return outputs.some(({ shape }) => shape.includes(count ?? '')) ? inside.labels : undefined;
  if (finding.classes !== undefined) return count === finding.classes ? inside.labels : undefined;
  // Those that count classes from 1: whether the list has the background as its first is not known.
  return 'first_class' in finding.decoder ? undefined : inside.labels;
}

function whichLabels(finding: Finding | undefined, inside: LabelList | undefined): OpenQuestion {
  return {
    what: `the labels: ${howManyLabels(finding?.classes, inside)}`,
    settle: 'give a file of them, one a line (`ocellus models inspect --labels FILE`, or X.labels.txt beside X.onnx)',
  };
}

function howManyLabels(classes: number | undefined, inside: LabelList | undefined): string {
  const wanted = classes === undefined ? '' : `${classes} of them, `;
  if (!inside) return `${wanted}none are in the file`;
  const told = `${inside.labels.length} ${inside.labels.length === 1 ? 'is' : 'are'} ${inside.path}`;
  return wanted ? `${wanted}and ${told}` : `${told}; how many classes there are cannot be told`;
}

function assertLabels(
  { classes, family }: Finding,
  outputs: readonly TensorInfo[],
  given: LabelList | undefined,
): void {
  if (!given || classes === undefined || given.labels.length === classes) return;
  throw new InputError(
    `the labels ${given.path}: expected ${classes}, since the output ${outputs[0]!.name} of this ${family} has as many class scores, got ${given.labels.length}; ` +
      'name each class of the training, in its order. Where some of these numbers are no classes (key points, the angle of a rotated box), write a card, with "extra"',
  );
}

/** Whether a card can say how it is fed: three colours or grey, of floats or whole numbers. */
function isPicture(input: TensorInfo): boolean {
  const { shape, type } = input;
  const [colours, ...sides] = isLast(input)
    ? [shape.at(-1), ...shape.slice(-3, -1)]
    : [shape.at(-3), ...shape.slice(-2)];
  return (
    (shape.length === 3 || shape.length === 4) &&
    (type === 'float32' || type === 'uint8' || isNarrowed(type)) &&
    [1, 3].includes(fixedSide(colours) ?? 3) &&
    sides.every((side) => (fixedSide(side) ?? 1) <= largest)
  );
}

const isGrey = (input: TensorInfo | undefined) => input?.shape.at(isLast(input) ? -1 : -3) === 1;

/** What is taken for granted of an input in whole numbers. */
function fedAsPixels(input: TensorInfo | undefined): string[] {
  if (!input || !isWholeNumber(input.type)) return [];
  const less = usualMean(input.type);
  return [`its input ${input.name} takes ${input.type}: ${less === 0 ? 'pixels' : `pixels less ${less}`} as they are`];
}

/** Whole numbers are the pixels, as near to zero as the type has them. */
const wholeNumbersOf = (type: string) => ({ mean: Array(3).fill(usualMean(type)), std: [1, 1, 1] });

function cardOf(
  { inputs, outputs, inside }: NetworkFacts,
  name: string,
  finding: Finding | undefined,
  size: Given['size'],
  labels: LabelList | undefined,
): Recognition['card'] {
  const first = pictureInput(inputs);
  const type = first?.type === 'uint8' ? 'uint8' : 'float32';
  const { mean = [0, 0, 0], std = [255, 255, 255], ...others } = finding?.input ?? {};
  const isYolox = finding?.decoder.type === 'yolox';
  const input = {
    ...(size ?? usualSize(first)),
    ...(isLast(first) && { layout: 'NHWC' }),
    type,
    channels: isGrey(first) ? 'GRAY' : 'RGB',
    // A network of bytes normalises by itself. YOLOX takes pixels as they are.
    ...(type === 'float32' && !isYolox && { mean, std }),
    ...(first && isWholeNumber(first.type) && wholeNumbersOf(first.type)),
    ...(inputs.length > 1 && { resize: 'stretch' }),
    ...others,
    ...(inside.align && finding && { align: inside.align }),
  };
  const names = labels?.labels ?? finding?.labels ?? ['cat', 'dog'];
  if (!finding && outputs.length === 1 && outputs[0]!.shape.length === 2) {
    return { name, task: 'classify', input, outputs: { logits: outputs[0]!.name }, labels: names };
  }
  const decoder = finding?.decoder ?? firstGuess(outputs);
  return {
    name,
    task: 'detect',
    input,
    decoder,
    labels: names,
    ...(finding?.keypoints && { keypoints: finding.keypoints }),
  };
}

/** Of the sides that are open. */
function usualSize(input: TensorInfo | undefined): { width: number; height: number } {
  const shape = input?.shape.slice(-3) ?? [];
  const [height, width] = (isLast(input) ? shape.slice(0, 2) : shape.slice(1)).map(fixedSide);
  return { width: width ?? 640, height: height ?? 640 };
}

/** Something to begin with, in a card that a person completes. */
function firstGuess(outputs: readonly TensorInfo[]) {
  const named = (part: RegExp) => outputs.find(({ name }) => part.test(name))?.name;
  const [boxes, classes, scores] = [named(/box/i), named(/label|class/i), named(/score/i)];
  if (boxes && classes && scores) {
    return { type: 'ssd', outputs: { boxes, classes, scores }, box_order: 'xyxy', normalised: false };
  }
  const [, rows, columns] = outputs[0]?.shape ?? [];
  const output = outputs.length > 1 ? { output: outputs[0]!.name } : {};
  if (columns === 6) return { type: 'suppressed', ...output };
  const isRows = typeof rows === 'number' && typeof columns === 'number' && columns > 6 && rows > columns;
  return { type: isRows ? 'yolov5' : 'yolov8', ...output };
}
