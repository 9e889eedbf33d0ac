#!/usr/bin/env bash
# Package: skl2onnx 1.20.0 (PyPI), with scikit-learn 1.9.1 and onnxruntime 1.32.0.
# Behaviour: for an SGDClassifier with loss="log_loss" and more than two classes, the network takes the label from the normalised
#   probabilities. Where each class's own probability has become 0, all are 1/n, and the label is the first class; scikit-learn decides by
#   the distances and has another. Of pictures of digits, unscaled (0 to 16), one label in twelve differs; with pictures of 0 to 1, none.
# One would have guessed: the port of a linear classifier takes the greatest of the same linear values; its probabilities are right to
#   the last digit in both cases, so that a comparison of those shows nothing.
# Seen: {'unscaled': {'labels': 0.918, 'probabilities': 0.0}, 'scaled': {'labels': 1.0, 'probabilities': 0.0}}
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

pictures, digits = load_digits(return_X_y=True)


def compared(scale):
    """The part of equal labels, and the greatest difference of a probability."""
    vectors = (pictures * scale).astype(np.float32)
    model = SGDClassifier(loss="log_loss", random_state=0).fit(vectors[::2], digits[::2])
    test = vectors[1::2]
    network = to_onnx(model, test[:1], options={"zipmap": False}).SerializeToString()
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    labels, probabilities = session.run(None, {session.get_inputs()[0].name: test})
    return {
        "labels": round(float(np.mean(labels == model.predict(test))), 3),
        "probabilities": round(float(np.abs(probabilities - model.predict_proba(test)).max()), 3),
    }


seen = {"unscaled": compared(1), "scaled": compared(1 / 16)}
print(seen)
if not (seen["unscaled"]["labels"] < 0.97 and seen["unscaled"]["probabilities"] < 0.01 and seen["scaled"]["labels"] > 0.99):
    sys.exit("skl2onnx behaves otherwise than stated above")
PY
venv/bin/python check.py
