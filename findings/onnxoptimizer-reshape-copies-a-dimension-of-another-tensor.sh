#!/usr/bin/env bash
# Package: onnxoptimizer 0.4.2 (PyPI), seen with onnx 1.19.1 and onnxruntime 1.23.2.
# Behaviour: of two Reshapes in a row its default passes drop the first. A 0 in the second's shape means "as in the tensor that comes
#   in", which is another tensor then: [2, 3, 4] as [6, 4] and then [0, -1] was [6, 4], and is [2, 12].
#   The result passes the checker, loads and runs. With [6, -1] as the second shape it is right.
# One would have guessed: a Reshape is superseded by the next one only where that one names all of its numbers.
# Seen: {"[0, -1]": [["Reshape"], [6, 4], [2, 12]], "[6, -1]": [["Reshape"], [6, 4], [6, 4]]} (nodes left, shape before, shape after)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet onnxoptimizer==0.4.2 onnx==1.19.1 onnxruntime==1.23.2 numpy==2.2.6
cat > check.py <<'PY'
import json
import sys

import numpy as np
import onnx
import onnxoptimizer
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def network(second):
    shapes = {"first": [6, 4], "second": second}
    graph = helper.make_graph(
        [helper.make_node("Reshape", ["x", "first"], ["t"]), helper.make_node("Reshape", ["t", "second"], ["y"])],
        "rows",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", "columns"])],
        [numpy_helper.from_array(np.array(shape, np.int64), name) for name, shape in shapes.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def shape_of(model):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return list(session.run(None, {"x": np.zeros((2, 3, 4), np.float32)})[0].shape)


seen = {}
for second in ([0, -1], [6, -1]):
    model = network(second)
    onnx.checker.check_model(model, full_check=True)
    optimised = onnxoptimizer.optimize(model)
    onnx.checker.check_model(optimised, full_check=True)
    seen[str(second)] = [[node.op_type for node in optimised.graph.node], shape_of(model), shape_of(optimised)]
print(json.dumps(seen))
if seen != {"[0, -1]": [["Reshape"], [6, 4], [2, 12]], "[6, -1]": [["Reshape"], [6, 4], [6, 4]]}:
    sys.exit("onnxoptimizer behaves otherwise than stated above")
PY
venv/bin/python check.py
