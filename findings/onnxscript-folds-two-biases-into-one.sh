#!/usr/bin/env bash
# Package: onnxscript 0.5.6 (PyPI, what PyTorch 2.9's exporter optimises networks with; 0.5.7 does otherwise), onnx-ir 0.1.12,
#   seen with onnx 1.19.1 and onnxruntime 1.22.1.
# Behaviour: two convolutions without a bias read the same tensor `x`, each followed by a batch normalisation of its own: what a head
#   for boxes and one for scores look like. optimizer.optimize() folds each normalisation into its convolution and names the new bias after
#   the convolution's input, `x_bias`: both have one name, so that both convolutions add the same bias. The network passes the
#   checker, loads, and gives other numbers.
# One would have guessed: the same numbers but for rounding, or an error.
# Seen: {"inputs": [["x", "wa", "x_bias"], ["x", "wb", "x_bias"]], "isEqual": [false, true]}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet onnxscript==0.5.6 onnx-ir==0.1.12 onnx==1.19.1 onnxruntime==1.22.1 numpy==2.2.6
cat > check.py <<'PY'
import json
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxscript import optimizer

random = np.random.default_rng(0)


def constant(name, *shape):
    # Variances are above 0.
    return numpy_helper.from_array(random.uniform(0.5, 2, shape).astype(np.float32), name)


nodes, constants = [], []
for head in "ab":
    numbers = [f"{what}{head}" for what in ("scale", "bias", "mean", "variance")]
    constants += [constant(f"w{head}", 4, 3, 1, 1), *(constant(name, 4) for name in numbers)]
    nodes.append(helper.make_node("Conv", ["x", f"w{head}"], [f"c{head}"]))
    nodes.append(helper.make_node("BatchNormalization", [f"c{head}", *numbers], [f"y{head}"]))
graph = helper.make_graph(
    nodes,
    "heads",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 5, 5])],
    [helper.make_tensor_value_info(f"y{head}", TensorProto.FLOAT, [1, 4, 5, 5]) for head in "ab"],
    constants,
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
onnx.checker.check_model(model, full_check=True)
picture = random.normal(size=(1, 3, 5, 5)).astype(np.float32)


def run(network):
    session = onnxruntime.InferenceSession(network.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": picture})


before = run(model)
optimised = optimizer.optimize(model)
onnx.checker.check_model(optimised)
after = run(optimised)
seen = {
    "inputs": [list(node.input) for node in optimised.graph.node],
    "isEqual": [bool(np.allclose(one, other, atol=1e-4)) for one, other in zip(before, after)],
}
print(json.dumps(seen))
if seen != {"inputs": [["x", "wa", "x_bias"], ["x", "wb", "x_bias"]], "isEqual": [False, True]}:
    sys.exit("onnxscript behaves otherwise than stated above")
PY
venv/bin/python check.py
