#!/usr/bin/env bash
# Package: pyarrow 26.0.1 (PyPI), seen with Python 3.11 and 3.12. Needs 3 GB of memory.
# Behaviour: a column of `binary_view` with more than 2 GiB in all, which is valid (and how Polars hands on bytes), is cast to `binary` without an
#   error; the offsets of 32 bits have wrapped and are negative, which nothing says but `validate`. `large_binary` of the same bytes is
#   refused by the same cast: "input array too large".
# One would have guessed: both casts look at the size, or the result is in several chunks.
# Seen: {'cast': 'no error', 'last offsets': [2080374784, -2147483648, -2080374784], 'validate': 'Negative offsets in binary array', 'large_binary': 'input array too large'}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pyarrow==26.0.1
cat > check.py <<'PY'
import sys

import pyarrow as pa

views = pa.concat_arrays([pa.array([b"x" * (64 << 20)], pa.binary_view())] * 33)


def refusal(work):
    try:
        work()
        return "no error"
    except pa.ArrowInvalid as error:
        return next((words for words in ("Negative offsets in binary array", "input array too large") if words in str(error)), str(error))


told = {}
seen = {"cast": refusal(lambda: told.update(bytes=views.cast(pa.binary())))}
if seen["cast"] == "no error":
    cast = told.pop("bytes")
    seen["last offsets"] = list(memoryview(cast.buffers()[1]).cast("i")[31:34])
    seen["validate"] = refusal(cast.validate)
    del cast
seen["large_binary"] = refusal(lambda: views.cast(pa.large_binary()).cast(pa.binary()))
print(seen)
expected = {
    "cast": "no error",
    "last offsets": [2080374784, -2147483648, -2080374784],
    "validate": "Negative offsets in binary array",
    "large_binary": "input array too large",
}
if seen != expected:
    sys.exit("pyarrow behaves otherwise than stated above")
PY
venv/bin/python check.py
