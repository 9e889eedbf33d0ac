#!/usr/bin/env bash
# Package: ncnn 1.0.20261020 (PyPI), numpy 1.26.4.
# Behaviour: ncnn.Mat of a NumPy array of channels, height and width that was made by transpose(2, 0, 1) has the right shape
#   and the values in the order of before: each plane is a third of the picture with its colours mixed. A copy by numpy.ascontiguousarray is right.
# One would have guessed: transpose(2, 0, 1) is the usual last step before a network; onnxruntime, OpenVINO and OpenCV take its result as it is.
# Seen: {'as transposed': 0.005, 'in the order of before': 1.0, 'contiguous': 1.0} (the part of equal values)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet ncnn==1.0.20261020 numpy==1.26.4
cat > check.py <<'PY'
import sys

import ncnn
import numpy as np

picture = np.random.default_rng(0).integers(0, 256, (40, 60, 3)).astype(np.float32)
planes = picture.transpose(2, 0, 1)

mat = ncnn.Mat(planes)
assert (mat.c, mat.h, mat.w) == planes.shape
read = np.array(mat)
seen = {
    "as transposed": round(float(np.mean(read == planes)), 3),
    "in the order of before": float(np.mean(read.reshape(-1) == picture.reshape(-1))),
    "contiguous": float(np.mean(np.array(ncnn.Mat(np.ascontiguousarray(planes))) == planes)),
}
print(seen)
if not (seen["as transposed"] < 0.1 and seen["in the order of before"] == 1 and seen["contiguous"] == 1):
    sys.exit("ncnn behaves otherwise than stated above")
PY
venv/bin/python check.py
