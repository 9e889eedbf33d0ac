#!/usr/bin/env bash
# Package: openvino 2026.4.1 (PyPI), beside onnxruntime 1.32.0; onnx 1.23.2.
# Behaviour: three attributes of Resize (opset 18) are not read, and nothing is said: antialias=1 (the picture made small has the moiré that
#   it was to be spared), exclude_outside=1 of mode "cubic" (the edges differ), and keep_aspect_ratio_policy="not_larger" (the result has another shape).
# One would have guessed: what changes each pixel or the shape of the result is computed or refused when the network is read.
# Seen: {'plain': 0.0, 'antialias': 0.25, 'exclude_outside': 0.05, 'not_larger': [(1, 1, 15, 20), (1, 1, 20, 20)]}
#   (greatest difference to onnxruntime, of values of 0 to 1; shapes of onnxruntime and OpenVINO)
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

tensor = np.random.default_rng(0).uniform(0, 1, size=(1, 1, 24, 32)).astype(np.float32)


def both(inputs, constant, shape, **attributes):
    node = helper.make_node("Resize", inputs, ["y"], **attributes)
    graph = helper.make_graph(
        [node],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, tensor.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [constant],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, "model.onnx")
    peer = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"]).run(None, {"x": tensor})[0]
    return peer, openvino.Core().compile_model("model.onnx", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(tensor)[0]


def scaled(scale, **attributes):
    scales = helper.make_tensor("scales", TensorProto.FLOAT, [4], [1, 1, scale, scale])
    peer, seen = both(["x", "", "scales"], scales, (1, 1, int(24 * scale), int(32 * scale)), **attributes)
    return round(float(np.abs(peer - seen).max()), 2)


sizes = helper.make_tensor("sizes", TensorProto.INT64, [2], [20, 20])
kept = both(["x", "", "", "sizes"], sizes, (1, 1, 15, 20), mode="linear", axes=[2, 3], keep_aspect_ratio_policy="not_larger")
seen = {
    "plain": scaled(0.25, mode="linear"),
    "antialias": scaled(0.25, mode="linear", antialias=1),
    "exclude_outside": scaled(2, mode="cubic", exclude_outside=1),
    "not_larger": [one.shape for one in kept],
}
print(seen)
if not (seen["plain"] == 0 and seen["antialias"] > 0.1 and seen["exclude_outside"] > 0.02 and seen["not_larger"] == [(1, 1, 15, 20), (1, 1, 20, 20)]):
    sys.exit("OpenVINO behaves otherwise than stated above")
PY
venv/bin/python check.py
