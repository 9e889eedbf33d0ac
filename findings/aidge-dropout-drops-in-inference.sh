#!/usr/bin/env bash
# Package: aidge-onnx 0.10.1 with aidge-core and aidge-backend-cpu 0.10.1 (PyPI; the CEA's toolchain for small boards), beside onnxruntime 1.32.0; onnx 1.23.2.
# Behaviour: a Dropout that was left in an ONNX network (VGG, AlexNet and SqueezeNet of the time before opset 12, and whatever else is exported with it) is carried
#   out as in training: about half of its values become 0, and the rest is doubled. An input training_mode that says false, new in opset 12, is not
#   read; the loader looks for it among the attributes, where the format never had it. Only is_test=1 of opset 6 is heeded. No warning.
# One would have guessed: a network that is loaded to be run passes a Dropout through (ONNX, Dropout: "in inference mode, the output is a copy of the input";
#   training_mode is false where it is not given).
# Seen: values of 1: {'opset 6, is_test=1': [1.0], 'opset 10': [0.0, 2.0], 'opset 13': [0.0, 2.0], 'opset 13, training_mode false': [0.0, 2.0]}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet aidge-onnx==0.10.1 aidge-core==0.10.1 aidge-backend-cpu==0.10.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
venv/bin/python - <<'PY'
import sys

import aidge_backend_cpu  # noqa: F401, which makes the backend known
import aidge_core
import aidge_onnx
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

aidge_core.Log.set_console_level(aidge_core.Level.Error)
ratio = helper.make_tensor("ratio", TensorProto.FLOAT, [], [0.5])
training = helper.make_tensor("training", TensorProto.BOOL, [], [False])
cases = {
    "opset 6, is_test=1": (6, ["x"], {"ratio": 0.5, "is_test": 1}, []),
    "opset 10": (10, ["x"], {"ratio": 0.5}, []),
    "opset 13": (13, ["x", "ratio"], {}, [ratio]),
    "opset 13, training_mode false": (13, ["x", "ratio", "training"], {}, [ratio, training]),
}
values = np.ones((1, 1000), np.float32)
seen = {}
for name, (opset, inputs, attributes, given) in cases.items():
    ends = [helper.make_tensor_value_info(end, TensorProto.FLOAT, list(values.shape)) for end in "xy"]
    graph = helper.make_graph([helper.make_node("Dropout", inputs, ["y"], **attributes)], "graph", ends[:1], ends[1:], given)
    network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(network, full_check=True)
    onnx.save(network, "network.onnx")
    if opset > 6:  # which is older than onnxruntime
        session = onnxruntime.InferenceSession("network.onnx")
        if not (session.run(None, {"x": values})[0] == values).all():
            sys.exit("expected onnxruntime to pass everything through")
    loaded = aidge_onnx.load_onnx("network.onnx")
    loaded.compile("cpu", aidge_core.dtype.float32, dims=[list(values.shape)])
    aidge_core.SequentialScheduler(loaded).forward(data=[aidge_core.Tensor(values)])
    ((node, index),) = loaded.get_ordered_outputs()
    result = np.array(node.get_operator().get_output(index))
    seen[name] = np.unique(result).tolist()
print(seen)
if seen != {"opset 6, is_test=1": [1.0], "opset 10": [0.0, 2.0], "opset 13": [0.0, 2.0], "opset 13, training_mode false": [0.0, 2.0]}:
    sys.exit("aidge behaves otherwise than stated above")
PY
