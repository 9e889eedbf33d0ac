#!/usr/bin/env bash
# Package: MNN 3.6.1 (PyPI), beside onnxruntime 1.32.0; onnx 1.23.2.
# Behaviour: a Split of opset 18 that says a number of outputs (num_outputs) gives as many equal parts as fit, and the rest is lost: 13
#   columns in three parts are 4, 4 and 4 where the format has 5, 5 and 3; the last column is nowhere, and the second part begins a column too early.
#   The converter reports success. A Split that says its sizes (5, 5, 3) is right.
# One would have guessed: parts of a split joined again are the tensor.
# Seen: {'num_outputs': [[4, 4, 4], False], 'sizes': [[5, 5, 3], True]}   (columns of the parts, and whether they are what onnxruntime has)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet MNN==3.6.1 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
# The converter would call pip (see mnnconvert-installs-its-vendors-log-client.sh): one that does nothing stands before it.
mkdir bin
printf '#!/bin/sh\nexit 1\n' > bin/pip
chmod +x bin/pip
cat > check.py <<'PY'
import os
import subprocess
import sys

import MNN.expr as expr
import MNN.nn as nn
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

tensor = np.random.default_rng(0).normal(size=(1, 2, 3, 13)).astype(np.float32)
names = ["a", "b", "c"]


def parts(constants, inputs, **attributes):
    node = helper.make_node("Split", ["x", *inputs], names, axis=3, **attributes)
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 2, 3, size)) for name, size in zip(names, (5, 5, 3))]
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, tensor.shape)
    model = helper.make_model(helper.make_graph([node], "graph", [given], outputs, constants), opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, "model.onnx")
    expected = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"]).run(None, {"x": tensor})
    environment = {**os.environ, "PATH": os.path.abspath("bin") + ":" + os.environ["PATH"]}
    command = ["venv/bin/mnnconvert", "-f", "ONNX", "--modelFile", "model.onnx", "--MNNModel", "model.mnn", "--bizCode", "x"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    network = nn.load_module_from_file("model.mnn", ["x"], names)
    value = expr.placeholder(list(tensor.shape), expr.NCHW, expr.float)
    value.write(tensor)
    seen = [np.array(expr.convert(one, expr.NCHW).read()) for one in network.forward([value])]
    is_same = all(a.shape == b.shape and np.abs(a - b).max() < 1e-6 for a, b in zip(expected, seen))
    return [[one.shape[3] for one in seen], is_same]


sizes = helper.make_tensor("sizes", TensorProto.INT64, [3], [5, 5, 3])
seen = {"num_outputs": parts([], [], num_outputs=3), "sizes": parts([sizes], ["sizes"])}
print(seen)
if seen != {"num_outputs": [[4, 4, 4], False], "sizes": [[5, 5, 3], True]}:
    sys.exit("MNN behaves otherwise than stated above")
PY
venv/bin/python check.py
