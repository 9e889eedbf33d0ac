#!/usr/bin/env bash
# Package: openvino 2026.4.1 (PyPI), beside onnxruntime 1.32.0; onnx 1.23.2.
# Behaviour: a ConvTranspose that says the size of its output (output_shape) and auto_pad="SAME_UPPER" is cut at the other end: the result
#   begins one pixel later. SAME_UPPER without the size, and the size without SAME_UPPER, are right, so the two together are what is misread.
# One would have guessed: what each attribute does alone, both do together, and pixels lie where other runtimes have them.
# Seen: {'SAME_UPPER': [True, False], 'output_shape': [True, False], 'both': [False, True]}
#   (the same as onnxruntime; the same as onnxruntime's moved by one pixel up and left)
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
from onnx import TensorProto, helper, numpy_helper

random = np.random.default_rng(0)
tensor = random.standard_normal((1, 4, 6, 7)).astype(np.float32)
weights = numpy_helper.from_array(random.standard_normal((4, 3, 3, 3)).astype(np.float32), "w")


def compared(**attributes):
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], kernel_shape=[3, 3], strides=[2, 2], **attributes)
    graph = helper.make_graph(
        [node],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, tensor.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, 12, 14])],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, "model.onnx")
    peer = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"]).run(None, {"x": tensor})[0]
    seen = openvino.Core().compile_model("model.onnx", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(tensor)[0]
    assert seen.shape == peer.shape == (1, 3, 12, 14)
    same = np.abs(seen - peer).max() < 1e-4
    moved = np.abs(seen[..., :-1, :-1] - peer[..., 1:, 1:]).max() < 1e-4
    return [bool(same), bool(moved)]


seen = {
    "SAME_UPPER": compared(auto_pad="SAME_UPPER"),
    "output_shape": compared(output_shape=[12, 14]),
    "both": compared(auto_pad="SAME_UPPER", output_shape=[12, 14]),
}
print(seen)
if seen != {"SAME_UPPER": [True, False], "output_shape": [True, False], "both": [False, True]}:
    sys.exit("OpenVINO behaves otherwise than stated above")
PY
venv/bin/python check.py
