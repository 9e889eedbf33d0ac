#!/usr/bin/env bash
# Packages: pnnx 20261020, ncnn 1.0.20261020 (PyPI), onnx 1.19.1. Both of the first two come from the same project.
# Behaviour: of an ONNX network that takes every second row (Slice with a step of 2, the beginning of YOLOX and YOLOv5), pnnx ends
#   with 0 and writes NAME.ncnn.param with a layer `Tensor.slice`, which ncnn does not have: load_param gives -1. That the
#   step is not supported is a line among its output. With a step of 1 the same network loads.
# One would have guessed: an exit code other than 0, or no .ncnn.param, where the network cannot be expressed.
# Seen: {"1": [0, "Input ReLU", 0], "2": [0, "Input Tensor.slice ReLU", -1]} (exit code of pnnx, layers, load_param)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet onnx==1.19.1 numpy==2.2.6 requests tqdm portalocker
# pnnx names torch as something it needs; its program does not load it.
venv/bin/pip install --quiet --no-deps pnnx==20261020 ncnn==1.0.20261020
cat > check.py <<'PY'
import json
import os
import subprocess

import ncnn
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

program = os.path.join(os.path.dirname(ncnn.__file__), "..", "pnnx", "pnnx")


def rows_by(step):
    numbers = [("first", 0), ("last", 2**31 - 1), ("axis", 2), ("step", step)]
    graph = helper.make_graph(
        [
            helper.make_node("Slice", ["x", *(name for name, _ in numbers)], ["rows"]),
            helper.make_node("Relu", ["rows"], ["y"]),
        ],
        "rows",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, 8 // step, 8])],
        [numpy_helper.from_array(np.array([value], np.int64), name) for name, value in numbers],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


seen = {}
for step in (1, 2):
    model = rows_by(step)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, f"by{step}.onnx")
    command = [program, f"by{step}.onnx", "inputshape=[1,3,8,8]"]
    code = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
    layers = [line.split()[0] for line in open(f"by{step}.ncnn.param").read().splitlines()[2:] if line]
    seen[step] = [code, " ".join(layers), ncnn.Net().load_param(f"by{step}.ncnn.param")]
print(json.dumps(seen))
assert seen == {1: [0, "Input ReLU", 0], 2: [0, "Input Tensor.slice ReLU", -1]}, "it is otherwise now"
PY
venv/bin/python check.py
