import { readdir } from 'node:fs/promises';

/** A kind of file that is no ONNX model. */
export interface ForeignFormat {
  /** `TFLite model`. */
  readonly title: string;
  /** How it becomes an ONNX file. */
  readonly advice: string;
}

interface Known extends ForeignFormat {
  is(file: Head): boolean;
}

/** What is looked at: the bytes, their beginning as text, and the names inside a zip archive. */
interface Head {
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly names: readonly string[];
}

const at = ({ bytes }: Head, offset: number, text: string) =>
  Buffer.from(
    bytes.buffer,
    bytes.byteOffset + Math.min(offset, bytes.length),
    Math.min(text.length, Math.max(0, bytes.length - offset)),
  ).toString('latin1') === text;
const has = ({ names }: Head, name: RegExp) => names.some((one) => name.test(one));

const original = 'export the network that it was made of to ONNX';

/** What the command makes of it. */
const ported = (file: string) => `convert it: ocellus port ${file} --to onnx`;

const savedModel = 'TensorFlow SavedModel';

/** In the order in which they are tried. */
const known: readonly Known[] = [
  {
    title: 'TFLite model',
    advice: `${ported('MODEL.tflite')}, or python -m tf2onnx.convert --tflite MODEL.tflite --output MODEL.onnx`,
    is: (file) => at(file, 4, 'TFL3'),
  },
  {
    title: 'model in the format of ONNX Runtime (ORT)',
    advice: `${original}: an .ort file cannot be changed back`,
    is: (file) => at(file, 4, 'ORTM'),
  },
  {
    title: 'TorchScript archive',
    advice: `${ported('MODEL.pt')}, or torch.onnx.export(torch.jit.load("MODEL.pt"), example, "MODEL.onnx", dynamo=False)`,
    is: (file) => has(file, /(^|\/)constants\.pkl$/) && has(file, /(^|\/)code\//),
  },
  {
    title: 'PyTorch exported program',
    advice: `${ported('MODEL.pt2')}, or torch.onnx.export(torch.export.load("MODEL.pt2"), f="MODEL.onnx")`,
    is: (file) => has(file, /(^|\/)(serialized_exported_program\.json|models\/[^/]+\.json)$/),
  },
  {
    title: 'PyTorch checkpoint',
    advice:
      'export it where it was trained: torch.onnx.export(model, example, "MODEL.onnx"); with Ultralytics: yolo export model=MODEL.pt format=onnx',
    is: (file) => has(file, /(^|\/)data\.pkl$/) || isOldCheckpoint(file),
  },
  {
    title: 'Keras model',
    advice: `${ported('MODEL.keras')}, or keras.saving.load_model("MODEL.keras").export("MODEL.onnx", format="onnx")`,
    is: (file) => has(file, /^model\.weights\.h5$/) && has(file, /^config\.json$/),
  },
  { title: 'Core ML package', advice: original, is: (file) => has(file, /\.mlmodel$/) },
  {
    title: 'Keras model in HDF5',
    advice: `${ported('MODEL.h5')}, or keras.saving.load_model("MODEL.h5").export("MODEL.onnx", format="onnx"); a file of weights alone needs the code of its network`,
    is: (file) => at(file, 0, '\x89HDF\r\n\x1a\n'),
  },
  {
    title: 'zip archive',
    advice: 'unpack it, and give the .onnx file that is inside',
    is: (file) => at(file, 0, 'PK\x03\x04'),
  },
  {
    title: 'gzip archive',
    advice: 'unpack it, and give the .onnx file that is inside',
    is: (file) => at(file, 0, '\x1f\x8b'),
  },
  {
    title: 'file of weights (safetensors)',
    advice: 'it has no network: export the model with the code that it belongs to',
    is: (file) => at(file, 8, '{"') && file.bytes[6] === 0 && file.bytes[7] === 0,
  },
  {
    title: 'TensorRT engine',
    advice: `${original}: an engine runs on one kind of GPU only`,
    is: (file) => at(file, 0, 'ftrt') || at(file, 0, 'ptrt'),
  },
  {
    title: 'pointer of Git LFS',
    advice: 'the model itself was not fetched: git lfs pull',
    is: ({ text }) => text.startsWith('version https://git-lfs.github.com/spec/'),
  },
  {
    title: 'web page',
    advice:
      'the address that it was fetched from gives a page, not the file: fetch it again from the link to the file itself',
    is: ({ text }) => /^\s*<(!doctype html|html|head)\b/i.test(text),
  },
  {
    title: 'OpenVINO network',
    advice: original,
    is: ({ text }) => /^\s*(<\?xml[^>]*>\s*)?<net\s[^>]*version=/.test(text),
  },
  { title: 'ncnn network', advice: original, is: ({ text }) => /^7767517\s/.test(text) },
  {
    title: 'Caffe network description (prototxt)',
    advice: `${ported('MODEL.prototxt')}, with MODEL.caffemodel beside it`,
    is: ({ text }) =>
      /^(\s*(#.*)?\n)*\s*(name\s*:|layers?\s*\{|input\s*:|input_shape\s*\{)/.test(text) && /\blayers?\s*\{/.test(text),
  },
  {
    title: 'TensorFlow.js model',
    advice: `a graph model: ${ported('model.json')}; a layers model: make a SavedModel of it (tensorflowjs_converter), and of that ONNX`,
    is: ({ text }) => text.trimStart().startsWith('{') && /"(modelTopology|weightsManifest)"/.test(text),
  },
  {
    title: savedModel,
    advice: `${ported('FOLDER')}, or python -m tf2onnx.convert --saved-model FOLDER --output MODEL.onnx`,
    // schema_version 1, then the first MetaGraphDef.
    is: ({ bytes }) => bytes[0] === 0x08 && bytes[1] === 0x01 && bytes[2] === 0x12,
  },
  {
    title: 'TensorFlow graph',
    advice:
      'convert it: python -m tf2onnx.convert --graphdef MODEL.pb --inputs INPUT:0 --outputs OUTPUT:0 --output MODEL.onnx',
    // GraphDef: its first node, whose second field is the operator Placeholder or Const.
    is: ({ bytes, text }) =>
      bytes[0] === 0x0a && ['\x12\x0bPlaceholder', '\x12\x05Const'].some((op) => text.slice(0, 400).includes(op)),
  },
  {
    title: 'Caffe network with its weights (caffemodel)',
    advice: `${ported('MODEL.prototxt')}, with MODEL.caffemodel beside it`,
    is: isCaffe,
  },
];

/** As text, so much of a file is looked at. */
const headBytes = 4096;

/**
 * The format of a file that is no ONNX model, by its bytes; the name says nothing.
 *
 * @returns Undefined for an ONNX model, and for what is not known here.
 */
export function foreignFormat(bytes: Uint8Array): ForeignFormat | undefined {
  const text = Buffer.from(bytes.subarray(0, headBytes)).toString('latin1');
  const file = { bytes, text, names: namesInZip(bytes) };
  return known.find((one) => one.is(file));
}

/**
 * The format of a folder that is a model. @returns Undefined for others.
 */
export async function foreignFolder(path: string): Promise<ForeignFormat | undefined> {
  const names = await readdir(path);
  if (names.includes('saved_model.pb')) return known.find(({ title }) => title === savedModel);
  return names.includes('Manifest.json') && path.endsWith('.mlpackage')
    ? { title: 'Core ML package', advice: original }
    : undefined;
}

/** In a sentence: `a TFLite model`, `an ncnn network`. */
export const withArticle = (title: string): string => `${/^([aeiou]|n[a-z]*nn)/i.test(title) ? 'an' : 'a'} ${title}`;

/** A pickle of before PyTorch 1.6: its magic number is the first thing in it. */
const isOldCheckpoint = (file: Head) => at(file, 0, '\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19');

/** NetParameter: a name (1), then layers (100, or 2 in old files). ONNX begins with its version, a number. */
function isCaffe({ bytes }: Head): boolean {
  if (bytes[0] !== 0x0a) return false;
  const next = 2 + bytes[1]!;
  return (
    (bytes[1]! < 128 && bytes[next] === 0xa2 && bytes[next + 1] === 0x06) ||
    (bytes[next] === 0x12 && bytes[next + 1] === 0x82)
  );
}

/** The names in a zip archive's directory; none for other files, and where it is damaged. */
function namesInZip(bytes: Uint8Array): string[] {
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // The end of the directory is followed by a comment of at most 64 kB.
  for (let end = bytes.length - 22; end >= Math.max(0, bytes.length - 65_557); end--) {
    if (view.getUint32(end, true) !== 0x06054b50) continue;
    const names: string[] = [];
    let entry = view.getUint32(end + 16, true);
    for (let left = view.getUint16(end + 10, true); left > 0 && entry + 46 <= end; left--) {
      if (view.getUint32(entry, true) !== 0x02014b50) break;
      const length = view.getUint16(entry + 28, true);
      names.push(Buffer.from(bytes.subarray(entry + 46, entry + 46 + length)).toString('utf8'));
      entry += 46 + length + view.getUint16(entry + 30, true) + view.getUint16(entry + 32, true);
    }
    return names;
  }
  return [];
}
