#!/usr/bin/env bash
# Package: onnx 1.23.2 (its version_converter), beside onnxruntime 1.32.0 (PyPI).
# Behaviour: onnx.version_converter.convert_version, whose purpose is that an old network means the same under a newer opset, changes numbers without
#   a word. Upsample and Resize of opsets up to 10 become a Resize of opset 11 without an attribute, which then counts by half pixels: made twice as large in mode
#   "linear", each pixel lies a quarter of an old one further on. In mode "nearest" twice the size is right all the same, so the usual test shows
#   nothing; three quarters is not. Hardmax is taken to opset 13 as it is, where its axis means one dimension instead of all from there on:
#   of 3 x 4 values it then has 3 ones (axis 1) instead of 1. Softmax and LogSoftmax, redefined in the same words by the same opset, are rewritten as they should be.
# One would have guessed: of operators that a version redefines, either all are rewritten, or the conversion is refused.
# Seen: {'Upsample 9 to 10, linear': True, 'Upsample 9 to 11, linear': False, 'Upsample 9 to 11, nearest': True, 'Resize 10 to 11, linear': False,
#   'Resize 10 to 11, nearest, 0.75': False, 'Softmax 11 to 13': True, 'Hardmax 11 to 12': True, 'Hardmax 11 to 13': False}   (same numbers)
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
from onnx import TensorProto, helper, numpy_helper, version_converter

tensor = np.random.default_rng(0).normal(size=(1, 3, 4, 4)).astype(np.float32)


def network(operator, opset, scale=None, **attributes):
    constants = [] if scale is None else [numpy_helper.from_array(np.array([1, 1, scale, scale], np.float32), "scales")]
    node = helper.make_node(operator, ["x", *(one.name for one in constants)], ["y"], **attributes)
    side = int(4 * (scale or 1))
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 3, s, s]) for n, s in (("x", 4), ("y", side))]
    model = helper.make_model(helper.make_graph([node], "graph", values[:1], values[1:], constants), opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def result(model):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"]).run(None, {"x": tensor})[0]


def is_same(to, *network_of, **attributes):
    before = network(*network_of, **attributes)
    after = version_converter.convert_version(before, to)
    onnx.checker.check_model(after, full_check=True)
    if after.opset_import[0].version != to:
        sys.exit(f"expected opset {to}")
    return bool(np.allclose(result(before), result(after), atol=1e-5))


seen = {
    "Upsample 9 to 10, linear": is_same(10, "Upsample", 9, 2, mode="linear"),
    "Upsample 9 to 11, linear": is_same(11, "Upsample", 9, 2, mode="linear"),
    "Upsample 9 to 11, nearest": is_same(11, "Upsample", 9, 2, mode="nearest"),
    "Resize 10 to 11, linear": is_same(11, "Resize", 10, 2, mode="linear"),
    "Resize 10 to 11, nearest, 0.75": is_same(11, "Resize", 10, 0.75, mode="nearest"),
    "Softmax 11 to 13": is_same(13, "Softmax", 11, axis=1),
    "Hardmax 11 to 12": is_same(12, "Hardmax", 11, axis=1),
    "Hardmax 11 to 13": is_same(13, "Hardmax", 11, axis=1),
}
print(seen)
if list(seen.values()) != [True, False, True, False, False, True, True, False]:
    sys.exit("onnx converts otherwise than stated above")
PY
venv/bin/python check.py
