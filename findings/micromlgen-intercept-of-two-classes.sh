#!/usr/bin/env bash
# Package: micromlgen 1.1.28 (PyPI), which writes classifiers of scikit-learn as C++ for microcontrollers; scikit-learn 1.9.1.
# Behaviour: the support vector machine of two classes that it writes takes the intercept with the wrong sign, so that the border lies
#   on the other side. With as many examples of each class the intercept is small and little differs; with ten times as many of
#   one, nearly every answer is the other class. With three classes every answer is right.
# One would have guessed: the classifier of two classes is the simplest case, and right if that of three is.
# Seen: {'2 classes, 100 and 100': 0.98, '2 classes, 200 and 20': 0.015, '3 classes': 1.0}   (answers as those of scikit-learn)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v g++ > /dev/null || { echo "this needs g++" >&2; exit 1; }
python3 -m venv venv
venv/bin/pip install --quiet micromlgen==1.1.28 scikit-learn==1.9.1 numpy==2.4.6
cat > check.py <<'PY'
import ctypes
import subprocess
import sys

import numpy as np
from micromlgen import port
from sklearn.svm import SVC

random = np.random.default_rng(0)


def agreement(name, counts):
    """Of 200 vectors: the part to which the C++ gives the class that scikit-learn gives."""
    classes = np.repeat(np.arange(len(counts)), counts)
    vectors = random.normal(size=(len(classes), 4)) + 1.2 * np.eye(4)[classes]
    model = SVC(kernel="rbf", gamma=0.1).fit(vectors, classes)
    written = "#include <cmath>\n#include <cstdint>\n" + port(model).replace("#pragma once", "")
    written += 'extern "C" int predict(float* x) { return Eloquent::ML::Port::SVM().predict(x); }\n'
    with open(f"{name}.cpp", "w") as file:
        file.write(written)
    subprocess.run(["g++", "-w", "-O1", "-shared", "-fPIC", "-o", f"{name}.so", f"{name}.cpp"], check=True)
    library = ctypes.CDLL(f"./{name}.so")
    tried = (random.normal(size=(200, 4)) + 0.6).astype(np.float32)
    answers = [library.predict(vector.ctypes.data_as(ctypes.POINTER(ctypes.c_float))) for vector in tried]
    return float(np.mean(answers == model.predict(tried)))


seen = {
    "2 classes, 100 and 100": agreement("even", [100, 100]),
    "2 classes, 200 and 20": agreement("uneven", [200, 20]),
    "3 classes": agreement("three", [200, 20, 60]),
}
print(seen)
if not (seen["2 classes, 200 and 20"] < 0.2 and seen["3 classes"] == 1.0):
    sys.exit("micromlgen behaves otherwise than stated above")
PY
venv/bin/python check.py
