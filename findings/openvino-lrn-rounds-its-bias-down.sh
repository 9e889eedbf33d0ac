#!/usr/bin/env bash
# Package: openvino 2026.4.1 (PyPI), beside onnxruntime 1.32.0; onnx 1.23.2.
# Behaviour: the bias of LRN (of AlexNet, GoogLeNet and others of that time) is rounded down to a whole number: 1.5 is computed as 1,
#   2.7 as 2, and 0.9 as 0, without a word. alpha and beta are taken as they are.
# One would have guessed: an attribute that the format has as a floating-point number is read as one. The usual values, 1 and 2, show nothing.
# Seen: {2.0: 2.0, 2.7: 2.0, 1.0: 1.0, 1.5: 1.0, 0.9: 0.0}   (for each bias, the one of all tenths with which the formula gives that result)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet openvino==2026.4.1 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cat > check.py <<'PY'
import sys

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper

tensor = np.random.default_rng(0).uniform(0.5, 1, size=(1, 8, 6, 6)).astype(np.float32)
alpha, beta, size = 0.1, 0.75, 5


def formula(bias):
    square = np.stack([(tensor[:, max(0, c - 2) : c + 3] ** 2).sum(1) for c in range(8)], 1)
    return tensor / (bias + alpha / size * square) ** beta


def used(bias):
    node = helper.make_node("LRN", ["x"], ["y"], alpha=alpha, beta=beta, bias=bias, size=size)
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, tensor.shape) for name in "xy"]
    graph = helper.make_graph([node], "graph", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, "model.onnx")
    peer = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"]).run(None, {"x": tensor})[0]
    assert np.abs(peer - formula(bias)).max() < 1e-5
    result = openvino.Core().compile_model("model.onnx", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(tensor)[0]
    fits = [tenth / 10 for tenth in range(31) if np.abs(result - formula(tenth / 10)).max() < 1e-4]
    return fits[0] if len(fits) == 1 else None


seen = {bias: used(bias) for bias in (2.0, 2.7, 1.0, 1.5, 0.9)}
print(seen)
if list(seen.values()) != [2.0, 2.0, 1.0, 1.0, 0.0]:
    sys.exit("OpenVINO behaves otherwise than stated above")
PY
venv/bin/python check.py
