#!/usr/bin/env bash
# Package: onnxruntime 1.32.0 and the reference evaluator of onnx 1.23.2, beside openvino 2026.4.1 (PyPI).
# Behaviour: RoiAlign with mode "max" does not take the greatest of the interpolated values, but the greatest product of one of the four
#   pixels and its weight: of a picture that is 1 everywhere, a point in the middle between four pixels gives 0.25. Mode "avg" gives 1. OpenVINO
#   gives 1 both times.
# One would have guessed: whatever is pooled from a picture of one value is that value.
# Seen: {'avg': {'onnxruntime': 1.0, 'reference': 1.0, 'OpenVINO': 1.0}, 'max': {'onnxruntime': 0.25, 'reference': 0.25, 'OpenVINO': 1.0}}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet onnxruntime==1.32.0 openvino==2026.4.1 onnx==1.23.2 numpy==2.4.6
cat > check.py <<'PY'
import sys

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

picture = np.ones((1, 1, 8, 8), np.float32)
# One bin of one sample, whose middle lies at 3.5, 3.5: between four pixels.
region = numpy_helper.from_array(np.array([[3, 3, 4, 4]], np.float32), "region")
batch = numpy_helper.from_array(np.array([0], np.int64), "batch")


def computed(mode):
    node = helper.make_node(
        "RoiAlign",
        ["x", "region", "batch"],
        ["y"],
        mode=mode,
        output_height=1,
        output_width=1,
        sampling_ratio=1,
        coordinate_transformation_mode="output_half_pixel",
    )
    graph = helper.make_graph(
        [node],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, picture.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 1, 1, 1))],
        [region, batch],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, "model.onnx")
    session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
    results = {
        "onnxruntime": session.run(None, {"x": picture})[0],
        "reference": ReferenceEvaluator(model).run(None, {"x": picture})[0],
        "OpenVINO": openvino.Core().compile_model("model.onnx", "CPU")(picture)[0],
    }
    return {name: round(float(result.ravel()[0]), 3) for name, result in results.items()}


seen = {mode: computed(mode) for mode in ("avg", "max")}
print(seen)
if list(seen["avg"].values()) != [1, 1, 1] or list(seen["max"].values()) != [0.25, 0.25, 1]:
    sys.exit("onnxruntime, onnx or OpenVINO behaves otherwise than stated above")
PY
venv/bin/python check.py
