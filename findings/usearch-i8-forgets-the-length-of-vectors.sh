#!/usr/bin/env bash
# Package: usearch 2.26.6 (PyPI), with numpy 2.4.6.
# Behaviour: Index(dtype="i8"), which is to save memory, divides each vector by its length before it is rounded, whatever the metric: (0.1, 0, 0) and
#   (0.5, 0, 0) are one and the same entry, at an l2sq distance of 0 from each other. So "l2sq" and "ip" rank as "cos" does, and their distances are in
#   other units: 32005 instead of 1.06. f16 and bf16 keep lengths.
# One would have guessed: a smaller type rounds the values, and the nearest by a metric stay the nearest by that metric, nearly.
# Seen: {'l2sq': {'f16': [0.0, 0.16, 1.06], 'i8': [0.0, 0.0, 32005.0]}, 'first of ip': {'f16': [2, 0], 'i8': [0, 2]}, 'stored': [[127, 0, 0], [127, 0, 0]]}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet usearch==2.26.6 numpy==2.4.6
cat > check.py <<'PY'
import sys

import numpy as np
from usearch.index import Index


def index(metric, dtype, vectors):
    made = Index(ndim=3, metric=metric, dtype=dtype)
    made.add(np.arange(len(vectors)), np.array(vectors, np.float32))
    return made


def matches(metric, dtype, vectors, query):
    return index(metric, dtype, vectors).search(np.array(query, np.float32), len(vectors))


# From (0.5, 0, 0) the squares of the distances are 0, 0.16 and 1.06. Of (1, 0, 0) the inner products are 0.5 and 0.8.
apart = [[0.1, 0, 0], [0.5, 0, 0], [0, 0.9, 0]]
long = [[0.5, 0, 0], [0, 0.3, 0], [0.8, 0.8, 0]]
kinds = ("f16", "i8")
seen = {
    "l2sq": {kind: [round(float(d), 2) for d in sorted(matches("l2sq", kind, apart, [0.5, 0, 0]).distances)] for kind in kinds},
    "first of ip": {kind: [int(key) for key in matches("ip", kind, long, [1, 0, 0]).keys[:2]] for kind in kinds},
    "stored": [index("l2sq", "i8", apart).get(key).tolist() for key in (0, 1)],
}
print(seen)
if seen != {
    "l2sq": {"f16": [0.0, 0.16, 1.06], "i8": [0.0, 0.0, 32005.0]},
    "first of ip": {"f16": [2, 0], "i8": [0, 2]},
    "stored": [[127, 0, 0], [127, 0, 0]],
}:
    sys.exit("usearch behaves otherwise than stated above")
PY
venv/bin/python check.py
