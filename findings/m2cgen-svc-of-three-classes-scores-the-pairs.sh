#!/usr/bin/env bash
# Package: m2cgen 0.10.0 (PyPI), with scikit-learn 1.9.1 and numpy 1.26.4.
# Behaviour: code made of an SVC answers with a score for each pair of classes (0 against 1, 0 against 2, 1 against 2), not for each class.
#   With three classes these are as many as there are classes, so taking the greatest works and names the wrong class for most samples; code
#   made of a LinearSVC of the same samples answers with one for each class.
# One would have guessed: three classes, three scores, the class with the greatest, as decision_function of both estimators has it. The
#   README says that the output is that of "ovo".
# Seen: {'SVC': 0.38, 'LinearSVC': 1.0} (the part of samples for which the greatest score is at the class that scikit-learn predicts)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet m2cgen==0.10.0 scikit-learn==1.9.1 numpy==1.26.4
cat > check.py <<'PY'
import sys

import m2cgen
import numpy as np
from sklearn.datasets import make_blobs
from sklearn.svm import SVC, LinearSVC

samples, classes = make_blobs(200, 4, centers=3, random_state=1, cluster_std=4)


def agreement(estimator):
    estimator.fit(samples, classes)
    code = {}
    exec(m2cgen.export_to_python(estimator), code)
    scores = np.array([code["score"](list(sample)) for sample in samples])
    assert scores.shape == estimator.decision_function(samples).shape == (200, 3)
    return round(float(np.mean(scores.argmax(1) == estimator.predict(samples))), 2)


seen = {"SVC": agreement(SVC(kernel="linear")), "LinearSVC": agreement(LinearSVC())}
print(seen)
if not (seen["SVC"] < 0.6 and seen["LinearSVC"] == 1):
    sys.exit("m2cgen behaves otherwise than stated above")
PY
venv/bin/python check.py
