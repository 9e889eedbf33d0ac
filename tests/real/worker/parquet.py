"""Reads a Parquet file by DuckDB and by pyarrow; prints its rows and types as JSON."""

import json
import sys

import duckdb
import pyarrow.parquet

file = json.load(sys.stdin)
read = duckdb.read_parquet(file)
rows = [dict(zip(read.columns, row)) for row in read.fetchall()]
print(
    json.dumps(
        {
            "rows": rows,
            "types": {name: str(kind) for name, kind in zip(read.columns, read.types)},
            "same": pyarrow.parquet.read_table(file).to_pylist() == rows,
        }
    )
)
