#!/usr/bin/env bash
# Package: opencv-python-headless 5.1.0.95 (PyPI) and onnx 1.23.2 (its ReferenceEvaluator), beside onnxruntime 1.32.0 and openvino 2026.4.1.
# Behaviour: OpenCV's network module and the format's reference evaluator compute LogSoftmax as the logarithm of Softmax: from about 104 below the
#   largest number on, where a part is less than the least float, both give minus infinity, where onnxruntime and OpenVINO give the number.
# One would have guessed: the operator is there so that small parts have a logarithm; two of four runtimes take it apart.
# Seen: {'onnxruntime': [-50.0, -80.0, -110.0, -500.0], 'openvino': [-50.0, -80.0, -110.0, -500.0], 'onnx': [-50.0, -80.0, '-inf', '-inf'], 'opencv': [-50.0, -80.0, '-inf', '-inf']}
#   (of numbers that are 50, 80, 110 and 500 below the largest one)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet opencv-python-headless==5.1.0.95 openvino==2026.4.1 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cat > check.py <<'PY'
import sys

import cv2
import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

below = [50, 80, 110, 500]
tensor = np.array([[0, *(-one for one in below)]], np.float32)
node = helper.make_node("LogSoftmax", ["x"], ["y"], axis=-1)
values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, tensor.shape) for name in "xy"]
model = helper.make_model(helper.make_graph([node], "graph", values[:1], values[1:]), opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
onnx.checker.check_model(model)
onnx.save(model, "model.onnx")


def opencv():
    network = cv2.dnn.readNetFromONNX("model.onnx")
    network.setInput(tensor)
    return network.forward()


with np.errstate(divide="ignore"):
    results = {
        "onnxruntime": onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"]).run(None, {"x": tensor})[0],
        "openvino": openvino.Core().compile_model("model.onnx", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(tensor)[0],
        "onnx": ReferenceEvaluator(model).run(None, {"x": tensor})[0],
        "opencv": opencv(),
    }
seen = {name: [round(float(one), 2) if np.isfinite(one) else str(float(one)) for one in np.ravel(result)[1:]] for name, result in results.items()}
print(seen)
right, wrong = [-50.0, -80.0, -110.0, -500.0], [-50.0, -80.0, "-inf", "-inf"]
if seen != {"onnxruntime": right, "openvino": right, "onnx": wrong, "opencv": wrong}:
    sys.exit("they behave otherwise than stated above")
PY
venv/bin/python check.py
