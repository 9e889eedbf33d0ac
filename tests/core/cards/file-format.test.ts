import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foreignFolder, foreignFormat, withArticle } from '../../../sdk/core/cards/file-format.ts';
import { readModel } from '../../../sdk/core/cards/model-file.ts';
import { input, modelFolder } from '../cards.ts';
import { constantModel } from '../onnx-builder.ts';

const folder = modelFolder();
const of = (text: string) => Buffer.from(text, 'latin1');

/** A zip archive of empty files, with its directory. */
function zip(...names: string[]): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (const name of names) {
    const local = Buffer.concat([of('PK\x03\x04'), Buffer.alloc(26), Buffer.from(name)]);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.concat([of('PK\x01\x02'), Buffer.alloc(42), Buffer.from(name)]);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    locals.push(local);
    entries.push(entry);
    at += local.length;
  }
  const end = Buffer.concat([of('PK\x05\x06'), Buffer.alloc(18)]);
  end.writeUInt16LE(names.length, 8);
  end.writeUInt16LE(names.length, 10);
  end.writeUInt32LE(Buffer.concat(entries).length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, ...entries, end]);
}

const samples: readonly (readonly [string, Buffer, string])[] = [
  ['TFLite model', of('\x1c\0\0\0TFL3\x14\0'), 'ocellus port MODEL.tflite --to onnx'],
  ['model in the format of ONNX Runtime (ORT)', of('\x10\0\0\0ORTM'), 'export'],
  [
    'TorchScript archive',
    zip('net/data.pkl', 'net/code/__torch__.py', 'net/constants.pkl'),
    'ocellus port MODEL.pt --to onnx',
  ],
  ['PyTorch checkpoint', zip('best/data.pkl', 'best/data/0', 'best/version'), 'yolo export model=MODEL.pt format=onnx'],
  ['PyTorch checkpoint', of('\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.'), 'torch.onnx.export'],
  ['PyTorch exported program', zip('net/archive_format', 'net/models/model.json'), 'ocellus port MODEL.pt2 --to onnx'],
  ['Keras model', zip('metadata.json', 'config.json', 'model.weights.h5'), 'ocellus port MODEL.keras --to onnx'],
  ['Keras model in HDF5', of('\x89HDF\r\n\x1a\n\0'), 'ocellus port MODEL.h5 --to onnx'],
  ['zip archive', zip('yolox.onnx'), 'unpack it'],
  ['gzip archive', of('\x1f\x8b\x08\0'), 'unpack it'],
  ['file of weights (safetensors)', of('\x40\0\0\0\0\0\0\0{"a":{}}'), 'it has no network'],
  ['TensorRT engine', of('ftrt\0\0'), 'one kind of GPU'],
  ['pointer of Git LFS', of('version https://git-lfs.github.com/spec/v1\noid sha256:00\n'), 'git lfs pull'],
  ['web page', of('<!DOCTYPE html><html>'), 'fetch it again'],
  ['OpenVINO network', of('<?xml version="1.0"?>\n<net name="x" version="11">'), 'made of'],
  ['ncnn network', of('7767517\n75 83\nInput data 0 1 data\n'), 'made of'],
  [
    'Caffe network description (prototxt)',
    of('name: "SqueezeNet"\nlayer {\n  name: "data"\n}\n'),
    'ocellus port MODEL.prototxt',
  ],
  ['Caffe network with its weights (caffemodel)', of('\x0a\x04name\xa2\x06\x05layer'), 'ocellus port MODEL.prototxt'],
  ['TensorFlow.js model', of('{"format": "graph-model", "modelTopology": {}}'), 'ocellus port model.json'],
  ['TensorFlow SavedModel', of('\x08\x01\x12\x05graph'), 'ocellus port FOLDER'],
  ['TensorFlow graph', of('\x0a\x1a\x0a\x05input\x12\x0bPlaceholder'), '--graphdef'],
];

describe('foreignFormat', () => {
  it.each(samples)('knows a %s by its bytes', (title, bytes, advice) => {
    expect(foreignFormat(bytes)).toMatchObject({ title, advice: expect.stringContaining(advice) });
  });

  it.each(samples)('a %s named .onnx is refused with what to do', async (title, bytes, advice) => {
    const path = await folder.write('named.onnx', bytes);
    const error = (await readModel(path).catch((reason) => reason)) as Error;
    expect(error.message).toContain(
      `${path}: expected an ONNX model, got ${bytes.length} bytes of something else, ${withArticle(title)}; `,
    );
    expect(error.message).toContain(advice);
  });

  it('takes no ONNX model for another', () => {
    for (const metadata of [undefined, { layer: '{' }]) {
      const model = constantModel(input, [{ name: 'o', shape: [1], data: [0] }], metadata);
      expect(foreignFormat(model)).toBeUndefined();
    }
    // A file may begin with any of its fields.
    expect(foreignFormat(of('\x12\x07pytorch\x08\x08'))).toBeUndefined();
  });

  it('survives any bytes, also of damaged archives', () => {
    const archive = zip('a/data.pkl', 'b');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), fc.nat(255), (bytes, at, value) => {
        foreignFormat(bytes);
        const changed = Buffer.from(archive);
        changed[at % changed.length] = value;
        expect(foreignFormat(changed.subarray(0, archive.length - (at % 7)))?.title ?? 'none').not.toBe('');
      }),
    );
  });
});

describe('foreignFolder', () => {
  it('knows a SavedModel, a Core ML package, and nothing else', async () => {
    const path = await mkdtemp(join(tmpdir(), 'ocellus-folder-'));
    try {
      expect(await foreignFolder(path)).toBeUndefined();
      await writeFile(join(path, 'saved_model.pb'), '');
      expect(await foreignFolder(path)).toMatchObject({ title: 'TensorFlow SavedModel' });
      const other = join(path, 'net.mlpackage');
      await mkdir(other);
      await writeFile(join(other, 'Manifest.json'), '{}');
      expect(await foreignFolder(other)).toMatchObject({ title: 'Core ML package' });
    } finally {
      await rm(path, { recursive: true });
    }
  });
});
