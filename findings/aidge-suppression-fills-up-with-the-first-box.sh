#!/usr/bin/env bash
# Package: aidge-onnx 0.10.1 with aidge-core and aidge-backend-cpu 0.10.1 (PyPI; the CEA's toolchain for small boards), beside onnxruntime 1.32.0; onnx 1.23.2.
# Behaviour: NonMaxSuppression gives as many rows as it may select at most (max_output_boxes_per_class), whatever it selects. The rows that nothing is left for are
#   [0, 0, 0], which also is how box 0 of class 0 of the first picture is selected: nothing tells how many rows count. Of two selected boxes come five rows, of no
#   box above the threshold come five of box 0.
# One would have guessed: a row for each selected box (ONNX, NonMaxSuppression: "num_selected_indices x 3"), or rows of -1. What gathers boxes by the
#   rows, as exported detectors do, reports the first box once more for each row to spare; with a picture full of objects nothing shows.
# Seen: {'two above': {'onnxruntime': [1, 3], 'aidge': [1, 3, 0, 0, 0]}, 'none above': {'onnxruntime': [], 'aidge': [0, 0, 0, 0, 0]}} (the selected boxes)
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

aidge_core.Log.set_console_level(aidge_core.Level.Fatal)
boxes = np.array([[[0, 0, 1, 1], [0, 10, 1, 11], [0, 10.1, 1, 11.1], [5, 5, 6, 6]]], np.float32)
scores = {"two above": [0.1, 0.9, 0.8, 0.7], "none above": [0.1, 0.2, 0.3, 0.4]}
given = [helper.make_tensor("most", TensorProto.INT64, [1], [5])]
given += [helper.make_tensor(name, TensorProto.FLOAT, [1], [0.5]) for name in ("overlap", "threshold")]
node = helper.make_node("NonMaxSuppression", ["boxes", "scores", "most", "overlap", "threshold"], ["y"])
graph = helper.make_graph(
    [node],
    "graph",
    [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (("boxes", [1, 4, 4]), ("scores", [1, 1, 4]))],
    [helper.make_tensor_value_info("y", TensorProto.INT64, ["selected", 3])],
    given,
)
network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=8)
onnx.checker.check_model(network, full_check=True)
onnx.save(network, "network.onnx")
seen = {}
for name, values in scores.items():
    values = np.array([[values]], np.float32)
    expected = onnxruntime.InferenceSession("network.onnx").run(None, {"boxes": boxes, "scores": values})[0]
    loaded = aidge_onnx.load_onnx("network.onnx")
    loaded.compile("cpu", aidge_core.dtype.float32, dims=[list(boxes.shape), list(values.shape)])
    aidge_core.SequentialScheduler(loaded).forward(data=[aidge_core.Tensor(boxes), aidge_core.Tensor(values)])
    ((output, index),) = loaded.get_ordered_outputs()
    result = np.array(output.get_operator().get_output(index))
    if result[:, :2].any():
        sys.exit("expected no picture and no class but the first")
    seen[name] = {"onnxruntime": expected[:, 2].tolist(), "aidge": result[:, 2].tolist()}
print(seen)
if seen != {
    "two above": {"onnxruntime": [1, 3], "aidge": [1, 3, 0, 0, 0]},
    "none above": {"onnxruntime": [], "aidge": [0, 0, 0, 0, 0]},
}:
    sys.exit("aidge behaves otherwise than stated above")
PY
