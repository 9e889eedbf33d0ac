#!/usr/bin/env bash
# Package: opencv-python-headless 4.14.0.94 (PyPI), beside onnxruntime 1.32.0; onnx 1.23.2. OpenCV 5.1.0.95 is right.
# Behaviour: readNetFromONNX accepts count_include_pad=1 of AveragePool and computes as with 0: at the edges it divides by the pixels inside.
#   It is what PyTorch's AvgPool2d with a padding writes by default, so each network with one (Inception's branches, for example) differs at its
#   edges, in each such layer, without a word.
# One would have guessed: an attribute of an average, without which a third of a small picture is wrong, is computed or refused.
# Seen: {'opencv 0': 0.0, 'opencv 1': 1.25, 'corner': (9.0, 4.0)}   (greatest relative difference to onnxruntime; what the corner's sum was divided by)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet opencv-python-headless==4.14.0.94 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cat > check.py <<'PY'
import sys

import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

tensor = np.random.default_rng(0).uniform(1, 2, size=(1, 3, 7, 7)).astype(np.float32)


def computed(counts):
    node = helper.make_node("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=counts)
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, tensor.shape) for name in "xy"]
    model = helper.make_model(helper.make_graph([node], "graph", values[:1], values[1:]), opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    written = model.SerializeToString()
    peer = onnxruntime.InferenceSession(written, providers=["CPUExecutionProvider"]).run(None, {"x": tensor})[0]
    network = cv2.dnn.readNetFromONNX(np.frombuffer(written, np.uint8))
    network.setInput(tensor)
    return peer, network.forward()


def difference(counts):
    peer, seen = computed(counts)
    return round(float((np.abs(seen - peer) / peer).max()), 2)


corner = tensor[0, 0, :2, :2].sum()
seen = {
    "opencv 0": difference(0),
    "opencv 1": difference(1),
    "corner": tuple(round(float(corner / one[0, 0, 0, 0]), 2) for one in computed(1)),
}
print(seen)
if not (seen["opencv 0"] == 0 and seen["opencv 1"] > 1 and seen["corner"] == (9.0, 4.0)):
    sys.exit("OpenCV behaves otherwise than stated above")
PY
venv/bin/python check.py
