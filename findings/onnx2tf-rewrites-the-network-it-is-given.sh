#!/usr/bin/env bash
# Package: onnx2tf 1.29.24 (PyPI), seen with onnx 1.19.1, onnxsim 0.6.5, tensorflow-cpu 2.19.1.
# Behaviour: before onnx2tf converts an ONNX file it has onnxsim simplify it, and lets that write over the file it was given. The copy
#   that was to stay as it is, with its checksum, is another file afterwards: two additions of constants are one node now. Only
#   `not_use_onnxsim` leaves it alone.
# One would have guessed: what is read stays as it is, and a file in between goes to the folder of the output.
# Seen: {"simplified": ["Add Add Relu", "Add Relu"], "not_use_onnxsim": ["Add Add Relu", "Add Add Relu"]} (nodes of the input before and after)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --no-deps absl-py==2.5.1 ai-edge-litert==2.1.0 astunparse==1.6.3 certifi==2026.10.19.post1 \
  charset-normalizer==3.5.3 flatbuffers==25.12.19 gast==0.7.0 google-pasta==0.2.0 grpcio==1.85.3 h5py==3.16.0 idna==3.20 keras==3.15.1 \
  libclang==18.1.1 markdown-it-py==4.3.0 Markdown==3.11.3 MarkupSafe==3.0.4 mdurl==0.1.2 ml_dtypes==0.5.1 namex==0.1.0 numpy==1.26.4 \
  onnx2tf==1.29.24 onnx==1.19.1 onnxruntime==1.23.2 onnxsim==0.6.5 onnx_graphsurgeon==0.5.8 optree==0.20.0 opt_einsum==3.4.0 packaging==26.4 \
  protobuf==4.25.5 psutil==7.2.2 Pygments==2.21.0 requests==2.34.2 rich==15.0.0 six==1.17.0 sng4onnx==2.0.1 \
  tensorboard-data-server==0.7.2 tensorboard==2.19.0 tensorflow-cpu==2.19.1 termcolor==3.3.0 tf_keras==2.19.0 typing_extensions==4.16.0 \
  urllib3==2.8.0 Werkzeug==3.1.9 wrapt==2.5.2
cat > check.py <<'PY'
import contextlib
import io
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["PATH"] = os.path.abspath("venv/bin") + os.pathsep + os.environ["PATH"]

import numpy as np
import onnx
import onnx2tf
from onnx import TensorProto, helper, numpy_helper

# It looks for pictures to find the order of axes by, and has none to fetch where these lie in its folder.
np.save("calibration_image_sample_data_20x128x128x3_float32.npy", np.random.default_rng(1).random((20, 128, 128, 3), np.float32))


def network(path):
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 16, 16])
    # The sum of two constants, which any optimiser adds up.
    graph = helper.make_graph(
        [
            helper.make_node("Add", ["one", "two"], ["three"]),
            helper.make_node("Add", ["x", "three"], ["sum"]),
            helper.make_node("Relu", ["sum"], ["y"]),
        ],
        "sums", [value("x")], [value("y")],
        [numpy_helper.from_array(np.full([1], number, np.float32), name) for name, number in (("one", 1), ("two", 2))],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)


nodes = lambda path: " ".join(node.op_type for node in onnx.load(path).graph.node)
seen = {}
for name, options in (("simplified", {}), ("not_use_onnxsim", {"not_use_onnxsim": True})):
    path = f"{name}.onnx"
    network(path)
    before = nodes(path)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        onnx2tf.convert(input_onnx_file_path=path, output_folder_path=f"{name}-out", non_verbose=True, **options)
    seen[name] = [before, nodes(path)]
print(json.dumps(seen))
if seen != {"simplified": ["Add Add Relu", "Add Relu"], "not_use_onnxsim": ["Add Add Relu", "Add Add Relu"]}:
    sys.exit("onnx2tf behaves otherwise than stated above")
PY
venv/bin/python check.py
