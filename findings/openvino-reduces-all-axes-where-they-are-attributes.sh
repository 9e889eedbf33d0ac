#!/usr/bin/env bash
# Package: openvino 2026.4.1 (PyPI), beside onnxruntime 1.32.0; onnx 1.23.2.
# Behaviour: ReduceL1, ReduceLogSum and ReduceLogSumExp as written up to opset 17, with the axes in an attribute, are reduced over
#   all axes: the attribute is not read, and a network that gave a row for each picture gives one number for the batch. ReduceL2, ReduceMean,
#   ReduceMax and ReduceProd of the same opset are right, and so is each one of opset 18, where the axes are an input.
# One would have guessed: operators of one family, which the format changed in one and the same version, are read by one piece of code.
# Seen: {'ReduceL1': [(), (1, 4)], 'ReduceLogSum': [(), (1, 4)], 'ReduceLogSumExp': [(), (1, 4)], 'ReduceL2': [(1, 4), (1, 4)], 'ReduceMean': [(1, 4), (1, 4)]}
#   (shapes with opset 17 and with 18; onnxruntime: (1, 4) each time)
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

tensor = np.abs(np.random.default_rng(0).normal(size=(1, 4, 5, 6))).astype(np.float32) + 0.1


def shapes(operator, opset):
    if opset < 18:
        node, constants = helper.make_node(operator, ["x"], ["y"], axes=[2, 3], keepdims=0), []
    else:
        node = helper.make_node(operator, ["x", "axes"], ["y"], keepdims=0)
        constants = [helper.make_tensor("axes", TensorProto.INT64, [2], [2, 3])]
    graph = helper.make_graph(
        [node],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, tensor.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 4))],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, "model.onnx")
    peer = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"]).run(None, {"x": tensor})[0]
    assert peer.shape == (1, 4)
    return openvino.Core().compile_model("model.onnx", "CPU")(tensor)[0].shape


operators = ["ReduceL1", "ReduceLogSum", "ReduceLogSumExp", "ReduceL2", "ReduceMean"]
seen = {operator: [shapes(operator, 17), shapes(operator, 18)] for operator in operators}
print(seen)
if not all(seen[operator] == [() if i < 3 else (1, 4), (1, 4)] for i, operator in enumerate(operators)):
    sys.exit("OpenVINO behaves otherwise than stated above")
PY
venv/bin/python check.py
