#!/usr/bin/env bash
# Package: openvino 2026.4.1 (PyPI), beside onnxruntime 1.32.0 and the reference of onnx 1.23.2.
# Behaviour: a window of AveragePool that ceil_mode=1 lets reach beyond the padding divides by its whole area where the padding counts
#   (count_include_pad=1): 9 where 6 of its cells are picture or padding. The format (from opset 19 on in words), onnxruntime and PyTorch, whose
#   AvgPool2d(3, stride=2, padding=1, ceil_mode=True) writes both attributes, divide by 6. With either attribute alone it is right.
# One would have guessed: "includes the padding" is the padding that the network has.
# Seen: {'ceil_mode and count_include_pad': 1.5, 'ceil_mode': 1.0, 'count_include_pad': 1.0}   (greatest ratio of onnxruntime to OpenVINO)
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
from onnx.reference import ReferenceEvaluator

tensor = np.random.default_rng(0).uniform(1, 2, size=(1, 2, 10, 13)).astype(np.float32)


def ratio(ceil, counts):
    node = helper.make_node(
        "AveragePool", ["x"], ["y"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=ceil, count_include_pad=counts
    )
    graph = helper.make_graph(
        [node],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, tensor.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 2, 6 if ceil else 5, 7))],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, "model.onnx")
    peer = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"]).run(None, {"x": tensor})[0]
    assert np.abs(peer - ReferenceEvaluator(model).run(None, {"x": tensor})[0]).max() < 1e-5
    seen = openvino.Core().compile_model("model.onnx", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(tensor)[0]
    return round(float((peer / seen).max()), 2)


seen = {
    "ceil_mode and count_include_pad": ratio(1, 1),
    "ceil_mode": ratio(1, 0),
    "count_include_pad": ratio(0, 1),
}
print(seen)
if list(seen.values()) != [1.5, 1.0, 1.0]:
    sys.exit("OpenVINO behaves otherwise than stated above")
PY
venv/bin/python check.py
