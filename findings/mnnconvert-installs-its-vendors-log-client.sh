#!/usr/bin/env bash
# Package: MNN 3.6.1 (PyPI), whose converter mnnconvert brings ONNX, TensorFlow and Caffe networks to MNN; onnx 1.23.2.
# Behaviour: each start of mnnconvert where the client of its vendor's log service is missing runs "pip install -U" of that client, with the
#   pip that PATH has, which need not be that of its own environment, and goes on without when that fails. With the client there it reports each
#   conversion (an identifier of the model, its size, the options; read in its source, not tried here).
# One would have guessed: a converter reads a file and writes a file; what it needs stands among the dependencies of its package.
# Seen: {'dependencies': ['numpy'], 'converted': True, 'pip was called with': ['install -U aliyun-log-python-sdk']}   (twice in one start)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet MNN==3.6.1 onnx==1.23.2 numpy==2.4.6
# Stands for pip: writes down what it is asked, and installs nothing.
mkdir bin
printf '#!/bin/sh\necho "$@" >> "%s/asked"\nexit 1\n' "$folder" > bin/pip
chmod +x bin/pip
cat > make.py <<'PY'
import onnx
from onnx import TensorProto, helper

values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 3, 8, 8)) for name in "xy"]
graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "graph", values[:1], values[1:])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), "model.onnx")
PY
venv/bin/python make.py
PATH="$folder/bin:$PATH" venv/bin/mnnconvert -f ONNX --modelFile model.onnx --MNNModel model.mnn --bizCode x > said 2>&1 || true
cat > check.py <<'PY'
import os
import re
import sys
from importlib.metadata import requires

asked = sorted(set(open("asked").read().splitlines())) if os.path.exists("asked") else []
seen = {
    "dependencies": sorted({re.match(r"[\w.-]+", one)[0].lower() for one in requires("MNN") or []}),
    "converted": os.path.exists("model.mnn"),
    "pip was called with": asked,
}
print(seen)
if not (seen["converted"] and asked == ["install -U aliyun-log-python-sdk"]):
    sys.exit("mnnconvert behaves otherwise than stated above")
PY
venv/bin/python check.py
