#!/usr/bin/env bash
# Package: mahotas 1.4.19 (PyPI), seen with Python 3.11 and numpy 2.4.6.
# Behaviour: `dilate` and `erode` of pictures that are not of bool add and take the values of the structuring element, and the default one, the
#   cross, is made of ones: a flat picture of 50 is 51 after `dilate` and 49 after `erode`, and each further round moves it by one more. `open` and `close`
#   undo it, except at the upper end of the range, where it is cut: a flat 255 is 254 after `close`. A footprint given as an array of bool does the
#   same. Masks of bool are right.
# One would have guessed: the maximum and the minimum of the neighbours, which change nothing where nothing differs, as in scikit-image or OpenCV.
# Seen: {'50 dilated': [51], 'eroded': [49], 'dilated 5 times': [55], 'by a footprint of bool': [51], 'opened': [50], '255 closed': [254], '0 opened': [0],
#   'mask, pixels of one dilated': 5}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet mahotas==1.4.19 numpy==2.4.6
cat > check.py <<'PY'
import sys

import mahotas
import numpy as np


def flat(value):
    return np.full((9, 9), value, np.uint8)


def values(picture):
    return np.unique(picture).tolist()


fives = flat(50)
for _ in range(5):
    fives = mahotas.dilate(fives)
seen = {
    "50 dilated": values(mahotas.dilate(flat(50))),
    "eroded": values(mahotas.erode(flat(50))),
    "dilated 5 times": values(fives),
    "by a footprint of bool": values(mahotas.dilate(flat(50), np.ones((3, 3), bool))),
    "opened": values(mahotas.open(flat(50))),
    "255 closed": values(mahotas.close(flat(255))),
    "0 opened": values(mahotas.open(flat(0))),
    "mask, pixels of one dilated": int(mahotas.dilate(np.arange(81).reshape(9, 9) == 40).sum()),
}
print(seen)
stated = {
    "50 dilated": [51],
    "eroded": [49],
    "dilated 5 times": [55],
    "by a footprint of bool": [51],
    "opened": [50],
    "255 closed": [254],
    "0 opened": [0],
    "mask, pixels of one dilated": 5,
}
if seen != stated:
    sys.exit("mahotas behaves otherwise than stated above")
PY
venv/bin/python check.py
