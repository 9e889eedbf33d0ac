#!/usr/bin/env bash
# Package: keras 3.15.1 with tensorflow-cpu 2.21.0 and tf2onnx 1.17.0 (PyPI), beside onnxruntime 1.32.0; onnx 1.23.2.
# Behaviour: export(format="onnx") of a model with the activation "gelu" (ConvNeXt, transformers of pictures) writes a file with a node of
#   TensorFlow's Erfc, which ONNX does not have: the exporter prints that the operator is not supported and returns as if all were well, and no runtime
#   loads the file. gelu by tanh (keras.activations.gelu(x, approximate=True)) is exported as it should be.
# One would have guessed: an export that does not succeed raises an error, and the default of a common activation is exported.
# Seen: {'gelu': 'returned, INVALID_GRAPH', 'gelu by tanh': 'returned, loaded', 'operators ONNX lacks': ['Erfc']}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet keras==3.15.1 tensorflow-cpu==2.21.0 tf2onnx==1.17.0 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cat > check.py <<'PY'
import re
import sys

import keras
import numpy as np
import onnx
import onnxruntime


def exported(activation):
    given = keras.Input((8, 8, 3))
    model = keras.Model(given, keras.layers.Activation(activation)(keras.layers.Conv2D(4, 3)(given)))
    model(np.ones((1, 8, 8, 3), np.float32))
    model.export("model.onnx", format="onnx", verbose=False)
    try:
        onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
        return "returned, loaded"
    except Exception as error:
        return "returned, " + re.search(r"[A-Z_]{8,}", str(error).replace("ONNXRuntimeError", ""))[0]


seen = {"gelu": exported("gelu")}
used = {node.op_type for node in onnx.load("model.onnx").graph.node}
known = {schema.name for schema in onnx.defs.get_all_schemas()}
seen["gelu by tanh"] = exported(lambda x: keras.activations.gelu(x, approximate=True))
seen["operators ONNX lacks"] = sorted(used - known)
print(seen)
if seen != {"gelu": "returned, INVALID_GRAPH", "gelu by tanh": "returned, loaded", "operators ONNX lacks": ["Erfc"]}:
    sys.exit("Keras behaves otherwise than stated above")
PY
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES='' venv/bin/python check.py 2> said || { tail -3 said >&2; exit 1; }
