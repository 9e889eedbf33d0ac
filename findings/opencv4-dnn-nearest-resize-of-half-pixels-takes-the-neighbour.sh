#!/usr/bin/env bash
# Package: opencv-python-headless 4.14.0.94 (PyPI), beside onnxruntime 1.32.0; onnx 1.23.2. OpenCV 5.1.0.95 is right.
# Behaviour: a Resize in mode "nearest" with half pixels and nearest_mode "floor" is accepted and takes other pixels: enlarged to
#   twice the size, 70 % of all pixels. With nearest_mode "round_prefer_floor" (the default of the format) twice and three times are right, but half,
#   three quarters and one and a half are not. "asymmetric" with "floor", which PyTorch writes, is right throughout.
# One would have guessed: an enlargement to twice the size by the nearest pixel has one meaning, or the attribute is refused.
# Seen: {('half_pixel', 'floor'): [1.0, 0.71, 0.52], ('half_pixel', 'round_prefer_floor'): [1.0, 0.0, 0.0], ('asymmetric', 'floor'): [0.0, 0.0, 0.0]}
#   (the part of pixels that differ, at half, twice and three times the size)
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

tensor = np.random.default_rng(0).permutation(2 * 12 * 16).reshape(1, 2, 12, 16).astype(np.float32)


def differing(transformation, rounding, scale):
    node = helper.make_node(
        "Resize", ["x", "", "scales"], ["y"], mode="nearest", coordinate_transformation_mode=transformation, nearest_mode=rounding
    )
    size = (1, 2, int(12 * scale), int(16 * scale))
    graph = helper.make_graph(
        [node],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, tensor.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, size)],
        [helper.make_tensor("scales", TensorProto.FLOAT, [4], [1, 1, scale, scale])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    written = model.SerializeToString()
    peer = onnxruntime.InferenceSession(written, providers=["CPUExecutionProvider"]).run(None, {"x": tensor})[0]
    network = cv2.dnn.readNetFromONNX(np.frombuffer(written, np.uint8))
    network.setInput(tensor)
    return round(float(np.mean(network.forward() != peer)), 2)


seen = {
    (transformation, rounding): [differing(transformation, rounding, scale) for scale in (0.5, 2, 3)]
    for transformation, rounding in (("half_pixel", "floor"), ("half_pixel", "round_prefer_floor"), ("asymmetric", "floor"))
}
print(seen)
floor, rounded, asymmetric = seen.values()
if not (min(floor) > 0.3 and rounded[0] > 0.3 and rounded[1:] == [0, 0] and asymmetric == [0, 0, 0]):
    sys.exit("OpenCV behaves otherwise than stated above")
PY
venv/bin/python check.py
