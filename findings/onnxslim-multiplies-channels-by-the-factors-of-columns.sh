#!/usr/bin/env bash
# Package: onnxslim 0.1.98 (PyPI), seen with onnx 1.19.1 and onnxruntime 1.23.2.
# Behaviour: a convolution's output [1, 4, 6, 4] is multiplied by 4 constants, which by ONNX's broadcasting belong to the 4 columns. slim()
#   folds them into the convolution's weights as if they were of the 4 channels, because there are as many of the one as of the
#   other. Nothing is refused, nothing warned of, and the numbers are others. Written as [4, 1, 1], of the channels, they are right.
# One would have guessed: what folds a factor into weights looks at its axis, not at its length; or else leaves it alone.
# Seen: {"[4]": [["Conv"], false], "[4, 1, 1]": [["Conv"], true]} (nodes left, equal numbers)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet onnxslim==0.1.98 onnx==1.19.1 onnxruntime==1.23.2 numpy==2.2.6
cat > check.py <<'PY'
import json
import sys

import numpy as np
import onnx
import onnxruntime
import onnxslim
from onnx import TensorProto, helper, numpy_helper

random = np.random.default_rng(0)
weights = random.normal(size=(4, 3, 1, 1)).astype(np.float32)
picture = random.normal(size=(1, 3, 6, 4)).astype(np.float32)


def network(shape):
    factors = np.array([1, 2, 3, 4], np.float32).reshape(shape)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["c"]), helper.make_node("Mul", ["c", "f"], ["y"])],
        "factors",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 6, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4, 6, 4])],
        [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(factors, "f")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def run(model):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": picture})[0]


seen = {}
for shape in ([4], [4, 1, 1]):
    onnx.checker.check_model(network(shape), full_check=True)
    slim = onnxslim.slim(network(shape))
    onnx.checker.check_model(slim, full_check=True)
    is_equal = bool(np.allclose(run(network(shape)), run(slim), atol=1e-4))
    seen[str(shape)] = [[node.op_type for node in slim.graph.node], is_equal]
print(json.dumps(seen))
if seen != {"[4]": [["Conv"], False], "[4, 1, 1]": [["Conv"], True]}:
    sys.exit("onnxslim behaves otherwise than stated above")
PY
venv/bin/python check.py
