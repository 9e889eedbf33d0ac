#!/usr/bin/env bash
# Package: tf2onnx 1.17.0 (PyPI), seen with tensorflow-cpu 2.19.1, onnx 1.17.0, onnxruntime 1.23.2, numpy 2.1.3.
# Behaviour: tf2onnx keeps the names of TensorFlow's tensors, so that a tensor between two layers can be looked at in both. An operation
#   SquaredDifference becomes Sub and Mul, and its name goes to the Sub: under it ONNX has the difference, not its square. What
#   follows is computed of the square, and the outputs are equal.
# One would have guessed: the name goes to the last of the operations, which has the value that it stood for, or to none.
# Seen: {"tensorflow": [9.0, 16.0], "onnx": [-3.0, 4.0], "outputs": [[3.0, 4.0], [3.0, 4.0]]}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
# What tf2onnx and TensorFlow name exclude each other's protobuf, and work together.
venv/bin/pip install --quiet --no-deps absl-py==2.5.1 astunparse==1.6.3 certifi==2026.10.19.post1 charset-normalizer==3.5.3 \
  coloredlogs==15.0.1 flatbuffers==25.12.19 gast==0.7.0 google-pasta==0.2.0 grpcio==1.85.3 h5py==3.16.0 humanfriendly==10.0 \
  idna==3.20 keras==3.15.1 libclang==18.1.1 Markdown==3.11.3 markdown-it-py==4.3.0 MarkupSafe==3.0.4 mdurl==0.1.2 ml_dtypes==0.6.0 \
  mpmath==1.3.0 namex==0.1.0 numpy==2.1.3 onnx==1.17.0 onnxruntime==1.23.2 opt_einsum==3.4.0 optree==0.20.0 packaging==26.4 \
  protobuf==5.29.6 Pygments==2.21.0 requests==2.34.2 rich==15.0.0 six==1.17.0 sympy==1.14.0 tensorflow-cpu==2.19.1 \
  termcolor==3.3.0 tf2onnx==1.17.0 typing_extensions==4.16.0 urllib3==2.8.0 wrapt==2.5.2
cat > check.py <<'PY'
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import onnx
import onnxruntime
import tensorflow as tf
import tf2onnx

tf1 = tf.compat.v1
graph = tf.Graph()
with graph.as_default():
    x = tf1.placeholder(tf.float32, [2], "x")
    squared = tf.math.squared_difference(x, tf.constant([5.0, 2.0]), name="apart")
    tf.sqrt(squared, name="y")
given = np.array([2, 6], np.float32)
with tf1.Session(graph=graph) as session:
    own, end = (value.tolist() for value in session.run(["apart:0", "y:0"], {"x:0": given}))
model, _ = tf2onnx.convert.from_graph_def(graph.as_graph_def(), input_names=["x:0"], output_names=["y:0"], opset=13)
model.graph.output.append(onnx.helper.make_tensor_value_info("apart:0", onnx.TensorProto.FLOAT, [2]))
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
other, their_end = (value.tolist() for value in session.run(["apart:0", "y:0"], {"x:0": given}))
seen = {"tensorflow": own, "onnx": other, "outputs": [end, their_end]}
print(json.dumps(seen))
if seen != {"tensorflow": [9.0, 16.0], "onnx": [-3.0, 4.0], "outputs": [[3.0, 4.0], [3.0, 4.0]]}:
    sys.exit("tf2onnx behaves otherwise than stated above")
PY
venv/bin/python check.py
