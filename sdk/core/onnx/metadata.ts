import { PbfReader } from 'pbf';
import { InputError } from '../../base/errors.ts';

/**
 * The metadata of an ONNX file: `metadata_props` of its ModelProto (field 14, key and value). Only top-level fields are
 * read; the graph is skipped.
 *
 * @throws InputError when the bytes are not an ONNX model, or end too early.
 */
export function readOnnxMetadata(bytes: Uint8Array, what: string): Map<string, string> {
  const metadata = new Map<string, string>();
  let hasGraph = false;
  try {
    const reader = new PbfReader(bytes);
    while (reader.pos < bytes.length) {
      const tag = reader.readVarint();
      const field = tag >> 3;
      const wire = tag & 7;
      if (field === 0) throw new Error('field 0');
      if (wire === 2) {
        const end = reader.readVarint() + reader.pos;
        if (end > bytes.length) throw new Error('it ends too early');
        if (field === 7) hasGraph = true;
        if (field === 14) addEntry(bytes.subarray(reader.pos, end), metadata);
        reader.pos = end;
      } else {
        reader.skip(tag);
        if (reader.pos > bytes.length) throw new Error('it ends too early');
      }
    }
  } catch {
    hasGraph = false;
  }
  if (!hasGraph) {
    throw new InputError(
      `${what}: expected an ONNX model, got ${bytes.length} bytes of something else, or of an incomplete one: fetch or export it again`,
    );
  }
  return metadata;
}

function addEntry(bytes: Uint8Array, metadata: Map<string, string>): void {
  const entry = new PbfReader(bytes).readFields(
    (field, result: { key: string; value: string }, reader) => {
      if (field === 1) result.key = reader.readString();
      else if (field === 2) result.value = reader.readString();
    },
    { key: '', value: '' },
  );
  metadata.set(entry.key, entry.value);
}
