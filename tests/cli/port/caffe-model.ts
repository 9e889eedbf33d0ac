import { PbfWriter } from 'pbf';
import { shapesOf } from '../../../tools/cli/port/caffe/caffe.ts';
import { readCaffe } from '../../../tools/cli/port/caffe/network.ts';
import type { Blob } from '../../../tools/cli/port/caffe/weights.ts';

/** Numbers like those of a trained layer, the same each time. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Weights for every layer of a description that wants some. */
export function randomWeights(prototxt: string, seed = 1): Map<string, Blob[]> {
  const network = readCaffe(prototxt, new Map(), 'net.prototxt');
  const shapes = shapesOf(network, 'net.prototxt');
  const random = randomNumbers(seed);
  const blob = (shape: number[], of: () => number): Blob => {
    const data = new Float32Array(shape.reduce((product, side) => product * side, 1));
    return { shape, data: data.map(of) };
  };
  const weights = new Map<string, Blob[]>();
  for (const { name, type, reads, writes, settings, blobs: _ } of network.layers) {
    const [from, to] = [shapes.get(reads[0]!)!, shapes.get(writes[0]!)!];
    const channels = from[1]!;
    const small = () => random() * 0.5;
    const convolution = settings.message('convolution_param');
    if (type === 'Convolution' || type === 'Deconvolution') {
      const size = convolution.numbers('kernel_size');
      const kernel = [
        convolution.number('kernel_h') ?? size[0]!,
        convolution.number('kernel_w') ?? size[1] ?? size[0]!,
      ];
      const group = convolution.number('group') ?? 1;
      const sides = type === 'Convolution' ? [to[1]!, channels / group] : [channels, to[1]! / group];
      const reach = Math.sqrt(3 / (sides[1]! * kernel[0]! * kernel[1]!));
      const blobs = [blob([...sides, ...kernel], () => random() * reach)];
      if (convolution.flag('bias_term', true)) blobs.push(blob([to[1]!], small));
      weights.set(name, blobs);
    } else if (type === 'InnerProduct') {
      const numbers = from.slice(1).reduce((product, side) => product * side, 1);
      weights.set(name, [blob([to[1]!, numbers], () => random() / Math.sqrt(numbers)), blob([to[1]!], small)]);
    } else if (type === 'BatchNorm') {
      const factor = { shape: [1], data: Float32Array.of(2) };
      weights.set(name, [blob([channels], small), blob([channels], () => 1.5 + random()), factor]);
    } else if (type === 'Scale' && reads.length === 1) {
      weights.set(name, [blob([channels], () => 1 + small()), blob([channels], small)]);
    } else if (type === 'PReLU') weights.set(name, [blob([channels], small)]);
    else if (type === 'Normalize') weights.set(name, [blob([channels], () => 20 + random())]);
  }
  return weights;
}

/** A caffemodel. @param isOld As Caffe wrote it before 2014. */
export function caffemodel(weights: ReadonlyMap<string, readonly Blob[]>, isOld = false): Uint8Array {
  const writer = new PbfWriter();
  writer.writeStringField(1, 'network');
  for (const [name, blobs] of weights) {
    writer.writeMessage(
      isOld ? 2 : 100,
      (_, layer) => {
        layer.writeStringField(isOld ? 4 : 1, name);
        for (const blob of blobs) layer.writeMessage(isOld ? 6 : 7, isOld ? writeOldBlob : writeBlob, blob);
      },
      undefined,
    );
  }
  return Uint8Array.from(writer.finish());
}

function writeBlob({ shape, data }: Blob, pbf: PbfWriter): void {
  pbf.writeMessage(7, (sides: readonly number[], inShape) => inShape.writePackedVarint(1, [...sides]), shape);
  pbf.writePackedFloat(5, [...data]);
}

function writeOldBlob({ shape, data }: Blob, pbf: PbfWriter): void {
  const sides = [...new Array<number>(4 - shape.length).fill(1), ...shape];
  for (const [i, side] of sides.entries()) pbf.writeVarintField(i + 1, side);
  pbf.writePackedFloat(5, [...data]);
}

/** SqueezeNet 1.1's layers: fire modules, and pooling that rounds up. */
export function squeezeNet(side: number, classes = 10): string {
  const fire = (name: string, from: string, squeeze: number, expand: number) => `
layer { name: "${name}/squeeze1x1" type: "Convolution" bottom: "${from}" top: "${name}/squeeze1x1" convolution_param { num_output: ${squeeze} kernel_size: 1 } }
layer { name: "${name}/relu_squeeze1x1" type: "ReLU" bottom: "${name}/squeeze1x1" top: "${name}/squeeze1x1" }
layer { name: "${name}/expand1x1" type: "Convolution" bottom: "${name}/squeeze1x1" top: "${name}/expand1x1" convolution_param { num_output: ${expand} kernel_size: 1 } }
layer { name: "${name}/relu_expand1x1" type: "ReLU" bottom: "${name}/expand1x1" top: "${name}/expand1x1" }
layer { name: "${name}/expand3x3" type: "Convolution" bottom: "${name}/squeeze1x1" top: "${name}/expand3x3" convolution_param { num_output: ${expand} pad: 1 kernel_size: 3 } }
layer { name: "${name}/relu_expand3x3" type: "ReLU" bottom: "${name}/expand3x3" top: "${name}/expand3x3" }
layer { name: "${name}/concat" type: "Concat" bottom: "${name}/expand1x1" bottom: "${name}/expand3x3" top: "${name}/concat" }`;
  const pool = (name: string, from: string) =>
    `layer { name: "${name}" type: "Pooling" bottom: "${from}" top: "${name}" pooling_param { pool: MAX kernel_size: 3 stride: 2 } }`;
  return `name: "SqueezeNet"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: ${side} dim: ${side} } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { num_output: 64 kernel_size: 3 stride: 2 weight_filler { type: "xavier" } } }
layer { name: "relu_conv1" type: "ReLU" bottom: "conv1" top: "conv1" }
${pool('pool1', 'conv1')}${fire('fire2', 'pool1', 16, 64)}${fire('fire3', 'fire2/concat', 16, 64)}
${pool('pool3', 'fire3/concat')}${fire('fire4', 'pool3', 32, 128)}
layer { name: "drop9" type: "Dropout" bottom: "fire4/concat" top: "fire4/concat" dropout_param { dropout_ratio: 0.5 } }
layer { name: "conv10" type: "Convolution" bottom: "fire4/concat" top: "conv10" convolution_param { num_output: ${classes} kernel_size: 1 } }
layer { name: "relu_conv10" type: "ReLU" bottom: "conv10" top: "conv10" }
layer { name: "pool10" type: "Pooling" bottom: "conv10" top: "pool10" pooling_param { pool: AVE global_pooling: true } }
layer { name: "prob" type: "Softmax" bottom: "pool10" top: "prob" }`;
}

/** MobileNet-SSD's layers: depthwise convolutions with BatchNorm and Scale, two levels of prior boxes, DetectionOutput. */
export function mobileNetSsd(side: number, classes = 3): string {
  const block = (name: string, from: string, to: number, stride: number, group: number) => `
layer { name: "${name}" type: "Convolution" bottom: "${from}" top: "${name}" convolution_param { num_output: ${to} bias_term: false pad: ${group > 0 || stride === 2 ? 1 : 0} kernel_size: ${group > 0 || stride === 2 ? 3 : 1} stride: ${stride} group: ${Math.max(1, group)} } }
layer { name: "${name}/bn" type: "BatchNorm" bottom: "${name}" top: "${name}" }
layer { name: "${name}/scale" type: "Scale" bottom: "${name}" top: "${name}" scale_param { filler { value: 1 } bias_term: true } }
layer { name: "${name}/relu" type: "ReLU" bottom: "${name}" top: "${name}" }`;
  const head = (from: string, least: number, most: number) => {
    const boxes = 4;
    const arm = (role: string, numbers: number) => `
layer { name: "${from}_mbox_${role}" type: "Convolution" bottom: "${from}" top: "${from}_mbox_${role}" convolution_param { num_output: ${numbers} kernel_size: 1 } }
layer { name: "${from}_mbox_${role}_perm" type: "Permute" bottom: "${from}_mbox_${role}" top: "${from}_mbox_${role}_perm" permute_param { order: 0 order: 2 order: 3 order: 1 } }
layer { name: "${from}_mbox_${role}_flat" type: "Flatten" bottom: "${from}_mbox_${role}_perm" top: "${from}_mbox_${role}_flat" flatten_param { axis: 1 } }`;
    return `${arm('loc', boxes * 4)}${arm('conf', boxes * classes)}
layer { name: "${from}_mbox_priorbox" type: "PriorBox" bottom: "${from}" bottom: "data" top: "${from}_mbox_priorbox"
  prior_box_param { min_size: ${least} max_size: ${most} aspect_ratio: 2.0 flip: true clip: false variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 } }`;
  };
  const joined = (role: string, axis: number) =>
    `layer { name: "mbox_${role}" type: "Concat" bottom: "conv3_mbox_${role}" bottom: "conv5_mbox_${role}" top: "mbox_${role}" concat_param { axis: ${axis} } }\n`;
  return `name: "MobileNet-SSD" # as it is deployed
input: "data"
input_shape { dim: 1 dim: 3 dim: ${side} dim: ${side} }
${block('conv0', 'data', 8, 2, 0)}${block('conv1/dw', 'conv0', 8, 2, 8)}${block('conv1', 'conv1/dw', 16, 1, 0)}
${block('conv2/dw', 'conv1', 16, 2, 16)}${block('conv3', 'conv2/dw', 24, 1, 0)}${block('conv5', 'conv3', 32, 2, 0)}
${head('conv3', 12, 20)}${head('conv5', 24, 40)}
${joined('loc_flat', 1)}${joined('conf_flat', 1)}${joined('priorbox', 2)}
layer { name: "mbox_conf_reshape" type: "Reshape" bottom: "mbox_conf_flat" top: "mbox_conf_reshape" reshape_param { shape { dim: 0 dim: -1 dim: ${classes} } } }
layer { name: "mbox_conf_softmax" type: "Softmax" bottom: "mbox_conf_reshape" top: "mbox_conf_softmax" softmax_param { axis: 2 } }
layer { name: "mbox_conf_flatten" type: "Flatten" bottom: "mbox_conf_softmax" top: "mbox_conf_flatten" flatten_param { axis: 1 } }
layer { name: "detection_out" type: "DetectionOutput" bottom: "mbox_loc_flat" bottom: "mbox_conf_flatten" bottom: "mbox_priorbox" top: "detection_out"
  include { phase: TEST }
  detection_output_param { num_classes: ${classes} share_location: true background_label_id: 0 nms_param { nms_threshold: 0.45 top_k: 100 } code_type: CENTER_SIZE keep_top_k: 100 confidence_threshold: 0.25 } }`;
}
