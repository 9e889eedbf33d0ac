#!/usr/bin/env bash
# Package: tf2onnx 1.17.0 (PyPI), seen with tensorflow-cpu 2.19.1, onnx 1.17.0, onnxruntime 1.23.2, numpy 2.1.3.
# Behaviour: TensorFlow's optimiser, and with it the converter of TensorFlow.js, joins a convolution, its bias and a LeakyRelu to one
#   _FusedConv2D, which has the slope as `leakyrelu_alpha`. tf2onnx takes it apart again and makes a LeakyRelu without a slope,
#   which is then 0.01 in ONNX: all numbers below zero are others, here a tenth. Nothing is refused, and nothing warned of.
# One would have guessed: the slope of the file, or an error.
# Seen: {"slope": 0.1, "tensorflow": [-0.5, 5.0], "onnx": [-0.05, 5.0]}
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
import onnxruntime
import tensorflow as tf
import tf2onnx

tf1 = tf.compat.v1
graph = tf.Graph()
with graph.as_default():
    x = tf1.placeholder(tf.float32, [1, 1, 2, 1], "x")
    weights = tf.constant(np.ones([1, 1, 1, 1], np.float32))
    bias = tf.constant([0.0])
    # As TensorFlow's own optimiser writes it.
    node = graph.create_op(
        "_FusedConv2D",
        [x, weights, bias],
        [tf.float32],
        name="y",
        attrs={
            "T": tf1.AttrValue(type=tf.float32.as_datatype_enum),
            "TArgs": tf1.AttrValue(list=tf1.AttrValue.ListValue(type=[tf.float32.as_datatype_enum])),
            "num_args": tf1.AttrValue(i=1),
            "num_host_args": tf1.AttrValue(i=0),
            "strides": tf1.AttrValue(list=tf1.AttrValue.ListValue(i=[1, 1, 1, 1])),
            "padding": tf1.AttrValue(s=b"VALID"),
            "fused_ops": tf1.AttrValue(list=tf1.AttrValue.ListValue(s=[b"BiasAdd", b"LeakyRelu"])),
            "leakyrelu_alpha": tf1.AttrValue(f=0.1),
        },
    )
picture = np.array([-5, 5], np.float32).reshape(1, 1, 2, 1)
with tf1.Session(graph=graph) as session:
    own = session.run("y:0", {"x:0": picture}).ravel().tolist()
model, _ = tf2onnx.convert.from_graph_def(graph.as_graph_def(), input_names=["x:0"], output_names=["y:0"], opset=13)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
[other] = session.run(None, {"x:0": picture})
seen = {"slope": 0.1, "tensorflow": [round(value, 6) for value in own], "onnx": [round(value, 6) for value in other.ravel().tolist()]}
print(json.dumps(seen))
if seen != {"slope": 0.1, "tensorflow": [-0.5, 5.0], "onnx": [-0.05, 5.0]}:
    sys.exit("tf2onnx behaves otherwise than stated above")
PY
venv/bin/python check.py
