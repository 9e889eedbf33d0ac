#!/usr/bin/env bash
# Package: polars 2.1.0, pyarrow 26.0.1, duckdb 2.0.1 (PyPI), seen with Python 3.11.
# Behaviour: a column of Polars' Int128 is written to an Arrow stream as Int with a width of 128, which
#   Arrow's format does not have, and to Parquet as bytes without a logical type. Polars reads both; pyarrow refuses the whole stream and the whole
#   Parquet file, other columns included, and DuckDB shows the number as a BLOB.
# One would have guessed: a decimal(38, 0), or an error of the writer.
# Seen: {'polars': 1, 'pyarrow, stream': 'Integers with more than 64 bits not implemented', 'pyarrow, Parquet': 'Integers with more than 64 bits not implemented', 'duckdb': 'BLOB'}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet polars==2.1.0 pyarrow==26.0.1 duckdb==2.0.1
cat > check.py <<'PY'
import sys

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet

frame = polars.DataFrame({"path": ["a"], "number": polars.Series([1], dtype=polars.Int128)})
frame.write_ipc_stream("numbers.arrows")
frame.write_parquet("numbers.parquet")


def told(work):
    try:
        return work()
    except pa.ArrowNotImplementedError as error:
        return str(error)


seen = {
    "polars": polars.read_parquet("numbers.parquet")["number"][0],
    "pyarrow, stream": told(lambda: pa.ipc.open_stream("numbers.arrows").read_all()),
    "pyarrow, Parquet": told(lambda: pyarrow.parquet.read_table("numbers.parquet", columns=["path"])),
    "duckdb": str(duckdb.read_parquet("numbers.parquet").types[1]),
}
print(seen)
refused = "Integers with more than 64 bits not implemented"
if seen != {"polars": 1, "pyarrow, stream": refused, "pyarrow, Parquet": refused, "duckdb": "BLOB"}:
    sys.exit("polars, pyarrow or DuckDB behave otherwise than stated above")
PY
venv/bin/python check.py
