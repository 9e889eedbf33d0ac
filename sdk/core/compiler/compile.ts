import { InputError } from '../../base/errors.ts';
import type { Program } from '../program/program.ts';
import { type CalibrationPictures, calibrate, uncalibrated } from './calibrate.ts';
import { elementsOf } from './elements.ts';
import { bridge, lowerFloats } from './floats.ts';
import { fuse, fuseBytes } from './fuse.ts';
import { readKnownGraph, type Source } from './network/graph.ts';
import { inputLayer, Lowering, type Normalisation } from './network/lowering.ts';
import type { Layer } from './network/network.ts';
import { operators } from './operators/operators.ts';
import { copyCrops, plan } from './plan.ts';
import { isReadByChannel, needsRanges, Quantisation } from './quantise.ts';

export interface CompileOptions extends Normalisation {
  /** Of the network's input. */
  readonly width: number;
  readonly height: number;
  /**
   * Pictures as the network takes them, to measure the ranges of its numbers on; a network that is quantised already needs
   * none.
   */
  readonly pictures?: CalibrationPictures;
}

/**
 * Compiles a network into a program. Its input is the picture in bytes, its outputs are the network's own.
 *
 * @throws InputError when the file is no network, has something the compiler lacks (it names the node), or needs pictures.
 */
export async function compile(source: Source, options: CompileOptions): Promise<Program> {
  const { width, height, layout, pictures } = options;
  const shape = layout === 'NCHW' ? [1, 3, height, width] : [1, height, width, 3];
  const graph = await readKnownGraph(source, shape);
  const network = new Lowering(graph).lower(inputLayer(graph, options), operators);
  fuse(network);
  lowerFloats(network);
  fuseBytes(network);
  copyCrops(network);
  bridge(network);
  const elements = elementsOf(network);
  const wanted = network.layers.filter((layer) => needsRanges(layer, elements.get(layer)));
  if (wanted.length > 0 && !pictures) {
    throw new InputError(
      `the network does not say the range of its numbers (after ${wanted[0]!.name}): give a folder of pictures to measure it on (--calibrate)`,
    );
  }
  const measuredOf = (layers: readonly Layer[]) => layers.flatMap(({ measured }) => (measured ? [measured] : []));
  const calibration =
    wanted.length === 0
      ? uncalibrated
      : await calibrate(
          source,
          graph,
          {
            ranges: measuredOf(wanted),
            best: measuredOf(wanted.filter((layer) => isReadByChannel(layer, network))),
            convolutions: network.layers.filter((layer) => layer.kind === 'conv'),
          },
          pictures!,
        );
  return plan(network, new Quantisation(calibration));
}
