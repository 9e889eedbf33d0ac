#!/usr/bin/env bash
# Package: onnx 1.23.2 (its ReferenceEvaluator) and openvino 2026.4.1, beside onnxruntime 1.32.0 (PyPI).
# Behaviour: up to opset 12, Softmax makes a matrix of its tensor and normalises over all dimensions from its axis on; its default axis
#   is 1. Both OpenVINO and the format's own reference evaluator normalise over the axis alone, as opset 13 does, on a network of opset 11; without an
#   axis they also differ from each other, since the reference then takes opset 13's default, the last one.
# One would have guessed: the reference of a format computes each version of an operator by the text of that version.
# Seen: {'axis 1': ('flattened', 'one axis', 'one axis'), 'default': ('flattened', 'one axis', 'last axis')}   (onnxruntime, OpenVINO, reference)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet onnx==1.23.2 openvino==2026.4.1 onnxruntime==1.32.0 numpy==2.4.6
cat > check.py <<'PY'
import sys

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

tensor = np.random.default_rng(0).normal(size=(1, 4, 5, 6)).astype(np.float32)


def softmax(axes):
    powers = np.exp(tensor)
    return powers / powers.sum(axes, keepdims=True)


ways = {"flattened": softmax((1, 2, 3)), "one axis": softmax(1), "last axis": softmax(3)}


def way(result):
    fits = [name for name, expected in ways.items() if np.abs(result - expected).max() < 1e-5]
    return fits[0] if fits else "none of these"


def computed(**axis):
    node = helper.make_node("Softmax", ["x"], ["y"], **axis)
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, tensor.shape) for name in "xy"]
    model = helper.make_model(helper.make_graph([node], "graph", values[:1], values[1:]), opset_imports=[helper.make_opsetid("", 11)], ir_version=6)
    onnx.checker.check_model(model)
    onnx.save(model, "model.onnx")
    return (
        way(onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"]).run(None, {"x": tensor})[0]),
        way(openvino.Core().compile_model("model.onnx", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(tensor)[0]),
        way(ReferenceEvaluator(model).run(None, {"x": tensor})[0]),
    )


seen = {"axis 1": computed(axis=1), "default": computed()}
print(seen)
if seen != {"axis 1": ("flattened", "one axis", "one axis"), "default": ("flattened", "one axis", "last axis")}:
    sys.exit("onnx or OpenVINO behaves otherwise than stated above")
PY
venv/bin/python check.py
