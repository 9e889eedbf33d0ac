#!/usr/bin/env bash
# Package: apache-tvm 0.27.0.post1 (PyPI), its front end for ONNX, beside onnxruntime 1.32.0; onnx 1.23.2. It installs about 318 MB.
# Behaviour: a ConvTranspose that says the size of its output (output_shape) is computed as if it did not: 5 columns made 12 wide by a stride of 2 and a kernel of 3 are 11
#   wide, without a word. The same with output_padding is right, and so is a network without either.
# One would have guessed: an attribute whose only purpose is the size of the result is computed, or refused as others are (ONNX, ConvTranspose: padding
#   follows from output_shape where it is there). A network whose tensors are all of the size that the next layer broadcasts over goes on with other numbers.
# Seen: {'plain': ([11], [11]), 'output_padding': ([12], [12]), 'output_shape': ([12], [11])} (width by onnxruntime and by TVM)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet apache-tvm==0.27.0.post1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
venv/bin/python - <<'PY'
import sys

import numpy as np
import onnx
import onnxruntime
import tvm
from onnx import TensorProto, helper, numpy_helper
from tvm import relax
from tvm.relax.frontend.onnx import from_onnx

values = np.arange(1, 6, dtype=np.float32).reshape(1, 1, 5)
weights = np.array([[[1, 10, 100]]], np.float32)
seen = {}
for name, attributes, width in (
    ("plain", {}, 11),
    ("output_padding", {"output_padding": [1]}, 12),
    ("output_shape", {"output_shape": [12]}, 12),
):
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], kernel_shape=[3], strides=[2], **attributes)
    ends = [helper.make_tensor_value_info(end, TensorProto.FLOAT, [1, 1, length]) for end, length in (("x", 5), ("y", width))]
    graph = helper.make_graph([node], "graph", ends[:1], ends[1:], [numpy_helper.from_array(weights, "w")])
    network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(network, full_check=True)
    expected = onnxruntime.InferenceSession(network.SerializeToString()).run(None, {"x": values})[0]
    built = tvm.compile(relax.transform.LegalizeOps()(from_onnx(network)), target="llvm")
    result = relax.VirtualMachine(built, tvm.cpu())["main"](tvm.runtime.tensor(values)).numpy()
    if name != "output_shape" and not np.array_equal(result, expected):
        sys.exit("expected TVM to compute what has no output_shape")
    seen[name] = (list(expected.shape[2:]), list(result.shape[2:]))
print(seen)
if seen != {"plain": ([11], [11]), "output_padding": ([12], [12]), "output_shape": ([12], [11])}:
    sys.exit("TVM behaves otherwise than stated above")
PY
