import { PbfReader } from 'pbf';
import { InputError, messageOf } from '../../../../sdk/base/errors.ts';

/** A layer's weights, as a caffemodel keeps them. */
export interface Blob {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

interface LayerInFile {
  name: string;
  readonly blobs: Blob[];
}

interface BlobInFile {
  /** Of before Caffe's first release: number, channels, height, width. */
  readonly old: number[];
  readonly shape: number[];
  /** Packed floats or doubles, as the file has them, and those that stand alone. */
  data: Float32Array | undefined;
  readonly single: number[];
}

/**
 * Reads the weights of a caffemodel (`NetParameter` of caffe.proto), by the layer's name.
 *
 * @param what The file's name, for messages.
 * @throws InputError when it is no caffemodel, is cut off, or a blob has not as many numbers as its shape.
 */
export function readWeights(bytes: Uint8Array, what: string): ReadonlyMap<string, readonly Blob[]> {
  const layers: LayerInFile[] = [];
  try {
    // Field 2 has the layers of before 2014 (V1LayerParameter), 100 those of now (LayerParameter).
    new PbfReader(bytes).readFields((field, all: LayerInFile[], reader) => {
      if (field !== 2 && field !== 100) return;
      all.push(readPart(reader, field === 100 ? readLayer : readOldLayer, { name: '', blobs: [] }));
    }, layers);
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`${what}: ${error.message}`);
    throw new InputError(
      `${what}: expected a caffemodel, got ${bytes.length} bytes of another or a damaged file: ${messageOf(error)}`,
    );
  }
  const found = new Map<string, readonly Blob[]>();
  for (const { name, blobs } of layers) if (blobs.length > 0) found.set(name, blobs);
  if (found.size > 0) return found;
  throw new InputError(`${what}: expected the weights of at least one layer, got none in ${bytes.length} bytes`);
}

/** A message that must end within the file: the library would go on behind the file's end, for as long as it says. */
function readPart<T>(reader: PbfReader, read: (field: number, result: T, pbf: PbfReader) => void, result: T): T {
  const start = reader.pos;
  const length = reader.readVarint();
  if (!(length >= 0 && reader.pos + length <= reader.length)) {
    throw new InputError(
      `expected a part of ${length} bytes at byte ${start}, got ${Math.max(0, reader.length - reader.pos)} to the end of the file: it is cut off or damaged; fetch it again`,
    );
  }
  return reader.readFields(read, result, reader.pos + length);
}

function readLayer(field: number, layer: LayerInFile, reader: PbfReader): void {
  if (field === 1) layer.name = reader.readString();
  else if (field === 7) layer.blobs.push(readBlob(reader, layer.name));
}

function readOldLayer(field: number, layer: LayerInFile, reader: PbfReader): void {
  if (field === 4) layer.name = reader.readString();
  else if (field === 6) layer.blobs.push(readBlob(reader, layer.name));
}

function readBlob(reader: PbfReader, layer: string): Blob {
  const found = readPart<BlobInFile>(reader, readBlobField, {
    old: [1, 1, 1, 1],
    shape: [],
    data: undefined,
    single: [],
  });
  const data = found.data ?? Float32Array.from(found.single);
  const shape = found.shape.length > 0 ? found.shape : found.old;
  const count = shape.reduce((product, side) => product * side, 1);
  if (count === data.length && shape.every((side) => side >= 0)) return { shape, data };
  throw new InputError(
    `expected [${shape.join(', ')}] numbers among the weights of the layer ${JSON.stringify(layer.slice(0, 80))}, got ${data.length}: the file is damaged; fetch it again`,
  );
}

/** BlobProto. */
function readBlobField(field: number, blob: BlobInFile, reader: PbfReader): void {
  if (field >= 1 && field <= 4) blob.old[field - 1] = reader.readVarint();
  else if (field === 5) readNumbers(blob, reader, 4);
  else if (field === 8) readNumbers(blob, reader, 8);
  else if (field === 7) {
    readPart(reader, readShapeField, blob.shape);
  }
}

function readShapeField(field: number, sides: number[], reader: PbfReader): void {
  if (field !== 1) return;
  // A tag of its own each, or all in a row: then these bytes are read as what they are, numbers.
  if (reader.type !== 2) {
    sides.push(reader.readVarint());
    return;
  }
  const bytes = new PbfReader(reader.readBytes());
  while (bytes.pos < bytes.length) sides.push(bytes.readVarint());
}

/** @param width Bytes of one: of a float, or of a double. */
function readNumbers(blob: BlobInFile, reader: PbfReader, width: 4 | 8): void {
  // Alone each has a tag of its own, and a type that says its width.
  if (reader.type !== 2) {
    blob.single.push(width === 4 ? reader.readFloat() : reader.readDouble());
    return;
  }
  const bytes = reader.readBytes();
  const copy = new Uint8Array(bytes).buffer.slice(0, bytes.length - (bytes.length % width));
  blob.data = width === 4 ? new Float32Array(copy) : Float32Array.from(new Float64Array(copy));
}
