import { InputError } from '../../base/errors.ts';
import { channelsOf } from '../../kernels/preprocess/preprocess.ts';
import type { ModelCard } from '../cards/card.ts';
import type { ModelFile } from '../cards/model-file.ts';
import { assertNormalisation } from '../cards/normalisation.ts';
import { ultralyticsCard, ultralyticsClassifierCard } from '../cards/ultralytics-card.ts';
import { OnnxRuntimeEngine } from '../engines/onnxruntime.ts';
import type { Program } from '../program/program.ts';
import { compile } from './compile.ts';
import { preparedPictures } from './pictures.ts';

export interface CompileModelOptions {
  /** Files of pictures to measure the ranges of the network's numbers on; a network that is quantised already needs none. */
  readonly pictures?: readonly string[];
  /** Told after each picture; all are looked at twice. */
  readonly onPicture?: () => void;
}

export interface CompiledModel {
  readonly program: Program;
  /** The network's own. */
  readonly card: ModelCard;
}

/**
 * Compiles a model's network into a program, as its card says how it is fed.
 *
 * @throws InputError when the network has something the compiler lacks, with the node's name, or needs pictures.
 *
 * @example
 * const { program } = await compileModel(await readModel('model.onnx'), { pictures: ['1.jpg', '2.jpg'] });
 * await writeFile('model.ocp', writeProgram(program));
 */
export async function compileModel(file: ModelFile, options: CompileModelOptions = {}): Promise<CompiledModel> {
  const { pictures, onPicture } = options;
  if (file.form !== 'network') {
    throw new InputError(`the model ${file.name} is compiled already: expected its network, an .onnx file`);
  }
  const card = await cardOf(file);
  const { width, height, layout, mean, std } = card.input;
  try {
    assertNormalisation(card.input);
    const program = await compile(file, {
      ...{ width, height, layout, mean, std },
      channels: channelsOf(card.input),
      pictures: pictures && (() => preparedPictures(card, pictures, onPicture)),
    });
    return { program, card };
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`model ${file.name}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Where Ultralytics wrote the metadata, the shapes of the outputs say the rest. */
export async function cardOf({ description, bytes, weights }: ModelFile): Promise<ModelCard> {
  if (!('ultralytics' in description)) return description;
  const engine = new OnnxRuntimeEngine();
  await engine.load(bytes, { threads: 1, weights });
  try {
    return description.task === 'classify'
      ? ultralyticsClassifierCard(description, engine)
      : ultralyticsCard(description, engine);
  } finally {
    await engine.close();
  }
}
