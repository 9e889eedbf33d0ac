#!/usr/bin/env bash
# Package: apache-arrow 21.2.0 (npm), and pyarrow 26.0.1 (PyPI), seen with Node 20.20 and Python 3.11.
# Behaviour: `DictionaryArray.from_arrays` of pyarrow, given a list, has indices of 64 bits, which the format allows. apache-arrow reads such
#   a stream and tells its type (Dictionary<Int64, Utf8>) and its rows, and throws at the first value that is asked for: "Cannot mix
#   BigInt and other types". It looks values up by an index that is a BigInt. `dictionary_encode` makes indices of 32 bits, and is read.
# One would have guessed: what is not supported is refused when the stream is opened, as other types are; or both ways of pyarrow to make a dictionary make the same.
# Seen: given { rows: 3, type: 'Dictionary<Int64, Utf8>', values: 'TypeError' } encoded { rows: 3, type: 'Dictionary<Int32, Utf8>', values: [ 'cat', 'dog', 'cat' ] }
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pyarrow==26.0.1
npm install --silent --no-audit --no-fund apache-arrow@21.2.0
venv/bin/python - <<'PY'
import pyarrow as pa

columns = {
    "given": pa.DictionaryArray.from_arrays([0, 1, 0], ["cat", "dog"]),
    "encoded": pa.array(["cat", "dog", "cat"]).dictionary_encode(),
}
for name, column in columns.items():
    column.validate(full=True)
    table = pa.table({"label": column})
    with pa.ipc.new_stream(name, table.schema) as out:
        out.write_table(table)
PY
cat > check.cjs <<'JS'
const { readFileSync } = require('node:fs');
const { tableFromIPC } = require('apache-arrow');

function seenOf(name) {
  const table = tableFromIPC(readFileSync(name));
  const label = table.getChild('label');
  let values;
  try {
    values = [0, 1, 2].map((row) => label.get(row));
  } catch (error) {
    values = error.name;
  }
  return { rows: table.numRows, type: String(label.type), values };
}

const [given, encoded] = ['given', 'encoded'].map(seenOf);
console.log('given', given, 'encoded', encoded);
const expected = [
  { rows: 3, type: 'Dictionary<Int64, Utf8>', values: 'TypeError' },
  { rows: 3, type: 'Dictionary<Int32, Utf8>', values: ['cat', 'dog', 'cat'] },
];
if (JSON.stringify([given, encoded]) !== JSON.stringify(expected)) {
  console.error('apache-arrow or pyarrow behaves otherwise than stated above');
  process.exit(1);
}
JS
node check.cjs
