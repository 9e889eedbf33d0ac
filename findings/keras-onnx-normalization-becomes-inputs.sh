#!/usr/bin/env bash
# Package: keras 3.15.1 with tensorflow-cpu 2.21.0 and tf2onnx 1.17.0 (PyPI), beside onnxruntime 1.32.0; onnx 1.23.2.
# Behaviour: export(format="onnx") of a model with a Normalization layer (each EfficientNet of keras.applications begins with one) reports
#   success, and the file wants the layer's mean and deviation as two more inputs, which nobody has any more. With a Rescaling layer it has one input.
# One would have guessed: what a layer was given or has learned is in the exported file, as all other weights are.
# Seen: {'Rescaling': 1, 'Normalization': 3, 'onnxruntime': 'Required inputs are missing'}   (inputs of the file; what a run with the picture alone says)
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
import onnxruntime

picture = np.ones((1, 8, 8, 3), np.float32)


def exported(layer):
    given = keras.Input((8, 8, 3))
    model = keras.Model(given, keras.layers.Conv2D(4, 3)(layer(given)))
    model(picture)
    model.export("model.onnx", format="onnx", verbose=False)
    return onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])


scaled = exported(keras.layers.Rescaling(1 / 255))
normalised = exported(keras.layers.Normalization(mean=[0.5, 0.4, 0.3], variance=[0.1, 0.2, 0.3]))
said = "nothing"
try:
    normalised.run(None, {normalised.get_inputs()[0].name: picture})
except ValueError as error:
    said = "Required inputs are missing" if re.search(r"Required inputs .* are missing", str(error)) else str(error)
seen = {"Rescaling": len(scaled.get_inputs()), "Normalization": len(normalised.get_inputs()), "onnxruntime": said}
print(seen)
if seen != {"Rescaling": 1, "Normalization": 3, "onnxruntime": "Required inputs are missing"}:
    sys.exit("Keras behaves otherwise than stated above")
PY
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES='' venv/bin/python check.py 2> said || { tail -3 said >&2; exit 1; }
