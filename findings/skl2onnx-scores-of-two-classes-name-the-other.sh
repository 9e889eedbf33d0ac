#!/usr/bin/env bash
# Package: skl2onnx 1.20.0 (PyPI), with scikit-learn 1.9.1 and onnxruntime 1.32.0.
# Behaviour: of an SVC of two classes, the network's label is right, but its scores are [d, -d], where d > 0 speaks for the second class:
#   the column of the greatest score is the other class, for every vector. An SGDClassifier of two classes gives [-d, d], and of three
#   classes and more, an SVC's greatest score is in the column of the label.
# One would have guessed: a column for each class, in the order of the classes, so that the greatest is the label. Who takes the argmax
#   of the scores, since the threshold needs them anyway, has every answer turned round.
# Seen: {'SVC of 2': (1.0, 0.0), 'SVC of 10': (1.0, 0.997), 'SGDClassifier of 2': (1.0, 1.0)}   (right labels, label = greatest score)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet skl2onnx==1.20.0 scikit-learn==1.9.1 onnxruntime==1.32.0 numpy==2.4.6
cat > check.py <<'PY'
import sys

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.svm import SVC

pictures, digits = load_digits(return_X_y=True)
pictures = pictures.astype(np.float32)


def compared(model, classes):
    taken = digits < classes
    train, test = pictures[taken][::2], pictures[taken][1::2]
    model.fit(train, digits[taken][::2])
    network = to_onnx(model, test[:1], options={"zipmap": False}).SerializeToString()
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    labels, scores = session.run(None, {session.get_inputs()[0].name: test})
    right = np.mean(labels == model.predict(test))
    return round(float(right), 3), round(float(np.mean(labels == scores.argmax(1))), 3)


seen = {
    "SVC of 2": compared(SVC(), 2),
    "SVC of 10": compared(SVC(), 10),
    "SGDClassifier of 2": compared(SGDClassifier(random_state=0), 2),
}
print(seen)
if not (seen["SVC of 2"] == (1.0, 0.0) and seen["SVC of 10"][1] > 0.99 and seen["SGDClassifier of 2"] == (1.0, 1.0)):
    sys.exit("skl2onnx behaves otherwise than stated above")
PY
venv/bin/python check.py
