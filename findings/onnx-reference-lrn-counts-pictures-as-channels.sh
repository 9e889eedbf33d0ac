#!/usr/bin/env bash
# Package: onnx 1.23.2 (its ReferenceEvaluator), beside onnxruntime 1.32.0 (PyPI).
# Behaviour: the format's own reference evaluator normalises as many channels by LRN as there are pictures in the batch: of one picture the
#   first channel, and all others are divided by the bias alone. Its LpNormalization with p=1 divides by the sum of the values instead of by that of
#   their magnitudes. With as many pictures as channels, or with positive values, both are right.
# One would have guessed: what other runtimes are compared with is right on a batch of one.
# Seen: {'LRN, 1 picture of 6 channels': [True, False, False, False, False, False], 'LRN, 6 pictures': [True, True, True, True, True, True], 'LpNormalization': [False, True]}
#   (each channel as the formula has it; values of both signs, positive values)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cat > check.py <<'PY'
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

random = np.random.default_rng(0)


def both(operator, tensor, **attributes):
    node = helper.make_node(operator, ["x"], ["y"], **attributes)
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, tensor.shape) for name in "xy"]
    model = helper.make_model(helper.make_graph([node], "graph", values[:1], values[1:]), opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    peer = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, {"x": tensor})[0]
    return ReferenceEvaluator(model).run(None, {"x": tensor})[0], peer


def lrn(pictures):
    tensor = random.uniform(1, 2, size=(pictures, 6, 4, 4)).astype(np.float32)
    reference, peer = both("LRN", tensor, size=3, alpha=0.3, beta=0.75, bias=1.0)
    square = np.stack([(tensor[:, max(0, c - 1) : c + 2] ** 2).sum(1) for c in range(6)], 1)
    expected = tensor / (1 + 0.1 * square) ** 0.75
    assert np.abs(peer - expected).max() < 1e-5
    return [bool(np.abs(reference[:, c] - expected[:, c]).max() < 1e-5) for c in range(6)]


def normalised(least):
    tensor = random.uniform(least, 1, size=(1, 6, 4, 4)).astype(np.float32)
    reference, peer = both("LpNormalization", tensor, axis=-1, p=1)
    expected = tensor / np.abs(tensor).sum(-1, keepdims=True)
    assert np.abs(peer - expected).max() < 1e-5
    return bool(np.abs(reference - expected).max() < 1e-5)


seen = {"LRN, 1 picture of 6 channels": lrn(1), "LRN, 6 pictures": lrn(6), "LpNormalization": [normalised(-1), normalised(0.1)]}
print(seen)
if seen != {"LRN, 1 picture of 6 channels": [True] + [False] * 5, "LRN, 6 pictures": [True] * 6, "LpNormalization": [False, True]}:
    sys.exit("onnx behaves otherwise than stated above")
PY
venv/bin/python check.py
