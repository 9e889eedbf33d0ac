"""Writes a table of labels and embeddings as Parquet by pyarrow and by DuckDB, in each compression; prints the files' names as JSON."""

import json
import os
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet

asked = json.load(sys.stdin)
table = pa.table(
    {
        "path": asked["paths"],
        "label": pa.array(asked["labels"]).dictionary_encode(),
        "model": asked["models"],
        "embedding": pa.array(asked["embeddings"], pa.list_(pa.float32())),
    }
)
names = []
for codec in ("none", "snappy", "gzip", "zstd", "lz4", "brotli"):
    names.append(f"pyarrow-{codec}.parquet")
    pyarrow.parquet.write_table(table, os.path.join(asked["folder"], names[-1]), compression=codec)
for codec in ("zstd", "lz4_raw", "gzip"):
    names.append(f"duckdb-{codec}.parquet")
    file = os.path.join(asked["folder"], names[-1])
    duckdb.sql(f"copy (select * from \"table\") to '{file}' (format parquet, codec {codec})")
print(json.dumps(names))
