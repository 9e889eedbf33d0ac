"""Writes a picture and what is none as an Arrow stream of each layout that a column may have; prints which there are as JSON."""

import json
import os
import sys

import pyarrow as pa

asked = json.load(sys.stdin)
with open(asked["picture"], "rb") as file:
    contents = [file.read(), b"no picture", None]
paths = ["a.jpg", "a picture with a longer name.jpg", None]
texts = {"string": pa.string(), "large_string": pa.large_string(), "string_view": pa.string_view()}
types = {"binary": pa.binary(), "large_binary": pa.large_binary(), "binary_view": pa.binary_view()}


def write(name, path, content):
    table = pa.table({"path": path, "content": content, "other": pa.array([1, 2, 3], pa.decimal128(9, 2))})
    with pa.ipc.new_stream(os.path.join(asked["folder"], name), table.schema) as out:
        # Twice: the second batch of a dictionary brings none, and views have the bytes of theirs.
        out.write_table(table)
        out.write_table(table.slice(1))
    return name


names = []
for text, kind in texts.items():
    for bytes_, content in types.items():
        names.append(write(f"{text} {bytes_}", pa.array(paths, kind), pa.array(contents, content)))
names.append(write("dictionary", pa.array(paths).dictionary_encode(), pa.array(contents, pa.binary())))
names.append(write("dictionaries", pa.array(paths).dictionary_encode(), pa.array(contents, pa.binary()).dictionary_encode()))
for index in (pa.int8(), pa.uint32(), pa.int64(), pa.uint64()):
    indices = pa.array([0, 1, None], index)
    columns = [pa.DictionaryArray.from_arrays(indices, pa.array(values)) for values in (paths[:2], contents[:2])]
    names.append(write(f"dictionaries by {index}", *columns))
# What no other column may be of either.
ends = pa.RunEndEncodedArray.from_arrays(pa.array([3], pa.int32()), pa.array([7]))
table = pa.table({"path": paths, "content": pa.array(contents, pa.binary()), "other": ends})
with pa.ipc.new_stream(os.path.join(asked["folder"], "run ends"), table.schema) as out:
    out.write_table(table)
for codec in ("lz4", "zstd"):
    with pa.ipc.new_stream(os.path.join(asked["folder"], codec), table.schema.remove(2), options=pa.ipc.IpcWriteOptions(compression=codec)) as out:
        out.write_table(table.select([0, 1]))
print(json.dumps(names))
