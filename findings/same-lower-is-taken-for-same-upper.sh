#!/usr/bin/env bash
# Package: opencv-python-headless 4.14.0.94 and MNN 3.6.1 (PyPI), beside onnxruntime 1.32.0; onnx 1.23.2.
# Behaviour: both take auto_pad=SAME_LOWER, where an odd pixel of padding goes before the picture, for SAME_UPPER, where it goes behind: a
#   convolution of even size or of stride 2 is shifted by a pixel. Neither says a word, and the shape is right.
# One would have guessed: one of the four values of an attribute is computed, or refused by name.
# Seen: {'SAME_UPPER': {'OpenCV': 'as SAME_UPPER', 'MNN': 'as SAME_UPPER'}, 'SAME_LOWER': {'OpenCV': 'as SAME_UPPER', 'MNN': 'as SAME_UPPER'}}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet opencv-python-headless==4.14.0.94 MNN==3.6.1 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
mkdir bin
printf '#!/bin/sh\nexit 1\n' > bin/pip
chmod +x bin/pip
cat > check.py <<'PY'
import os
import subprocess
import sys

import cv2
import MNN.expr as expr
import MNN.nn as nn
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

random = np.random.default_rng(0)
tensor = random.normal(size=(1, 2, 8, 8)).astype(np.float32)
weights = numpy_helper.from_array(random.normal(size=(3, 2, 3, 3)).astype(np.float32), "w")


def written(way):
    node = helper.make_node("Conv", ["x", "w"], ["y"], auto_pad=way, strides=[2, 2], kernel_shape=[3, 3])
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("x", tensor.shape), ("y", (1, 3, 4, 4)))]
    model = helper.make_model(helper.make_graph([node], "graph", values[:1], values[1:], [weights]), opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def runtime(way):
    return onnxruntime.InferenceSession(written(way), providers=["CPUExecutionProvider"]).run(None, {"x": tensor})[0]


def opencv(way):
    network = cv2.dnn.readNetFromONNX(np.frombuffer(written(way), np.uint8))
    network.setInput(tensor)
    return network.forward()


def mnn(way):
    with open("model.onnx", "wb") as file:
        file.write(written(way))
    # Its converter would call pip (see mnnconvert-installs-its-vendors-log-client.sh): one that does nothing stands before it.
    environment = {**os.environ, "PATH": os.path.abspath("bin") + ":" + os.environ["PATH"]}
    command = ["venv/bin/mnnconvert", "-f", "ONNX", "--modelFile", "model.onnx", "--MNNModel", "model.mnn", "--bizCode", "x"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    network = nn.load_module_from_file("model.mnn", ["x"], ["y"])
    given = expr.placeholder(list(tensor.shape), expr.NCHW, expr.float)
    given.write(tensor)
    result = network.forward([given])
    result = result[0] if isinstance(result, (list, tuple)) else result
    return np.array(expr.convert(result, expr.NCHW).read())


expected = {way: runtime(way) for way in ("SAME_UPPER", "SAME_LOWER")}


def way_of(result):
    fits = [way for way, one in expected.items() if np.abs(result - one).max() < 1e-3]
    return f"as {fits[0]}" if fits else "as none"


seen = {way: {"OpenCV": way_of(opencv(way)), "MNN": way_of(mnn(way))} for way in expected}
print(seen)
if any(one != "as SAME_UPPER" for both in seen.values() for one in both.values()):
    sys.exit("OpenCV or MNN behaves otherwise than stated above")
PY
venv/bin/python check.py
