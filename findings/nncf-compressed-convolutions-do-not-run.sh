#!/usr/bin/env bash
# Package: nncf 3.4.0 (PyPI), seen with onnx 1.23.2, onnxruntime 1.32.0.
# Behaviour: `nncf.compress_weights` takes an ONNX network with a convolution, and returns one whose weights are in 8 bits behind a
#   DequantizeLinear along axis 0, with a scale of the shape [outputs, 1, 1]. ONNX wants one dimension there. The checker of onnx passes
#   it, also with full_check; onnxruntime loads it, and refuses it when it is run. A fully connected layer gets a scale of one
#   dimension, and runs.
# One would have guessed: what a compressor returns for a format runs in the runtime of that format, or the checker tells.
# Seen: {"Conv": [[4, 1, 1], "checked", "loaded", "refused"], "Gemm": [[4], "checked", "loaded", "ran"]}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --no-deps attrs==26.1.0 flatbuffers==25.12.19 joblib==1.6.0 jsonschema==4.26.0 \
  jsonschema-specifications==2025.9.1 markdown-it-py==4.3.0 mdurl==0.1.2 ml_dtypes==0.7.0 natsort==8.4.0 networkx==3.6.1 \
  ninja==1.13.2 nncf==3.4.0 numpy==2.3.5 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1 openvino-telemetry==2025.2.0 \
  packaging==26.4 pandas==3.1.1 protobuf==7.36.2 psutil==7.2.2 pydot==4.0.1 Pygments==2.21.0 pyparsing==3.3.3 python-dateutil==4.0.0 \
  referencing==0.37.0 rich==15.0.0 rpds-py==2026.9.1 safetensors==0.8.0 scikit-learn==1.9.1 scipy==1.17.1 six==1.17.0 tabulate==0.10.0 \
  threadpoolctl==3.8.0 typing_extensions==4.16.0
cat > check.py <<'PY'
import contextlib
import io
import json
import sys

import nncf
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

nncf.set_log_level(40)
random = np.random.default_rng(1)
shapes = {"Conv": ([1, 3, 8, 8], [4, 3, 3, 3]), "Gemm": ([1, 64], [4, 64])}
seen = {}
for kind, (given, weights) in shapes.items():
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    node = helper.make_node(kind, ["x", "w"], ["y"], **({"transB": 1} if kind == "Gemm" else {}))
    graph = helper.make_graph(
        [node], "one", [value("x", given)], [value("y", None)],
        [numpy_helper.from_array(random.standard_normal(weights).astype(np.float32), "w")],
    )
    network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with contextlib.redirect_stdout(io.StringIO()):
        made = nncf.compress_weights(network, mode=nncf.CompressWeightsMode.INT8_SYM)
    dequantise = next(node for node in made.graph.node if node.op_type == "DequantizeLinear")
    scale = next(list(tensor.dims) for tensor in made.graph.initializer if tensor.name == dequantise.input[1])
    onnx.checker.check_model(made, full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])
    try:
        session.run(None, {"x": np.ones(given, np.float32)})
        end = "ran"
    except Exception as error:
        end = "refused" if "scale must be 1D tensor" in str(error) else str(error)
    seen[kind] = [scale, "checked", "loaded", end]
print(json.dumps(seen))
if seen != {"Conv": [[4, 1, 1], "checked", "loaded", "refused"], "Gemm": [[4], "checked", "loaded", "ran"]}:
    sys.exit("nncf behaves otherwise than stated above")
PY
venv/bin/python -W ignore check.py
