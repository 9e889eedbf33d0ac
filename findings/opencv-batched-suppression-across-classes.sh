#!/usr/bin/env bash
# Package: opencv-python-headless 4.12.0.88 (PyPI), cv2.dnn.NMSBoxesBatched.
# Behaviour: it keeps classes apart by moving the boxes of class n by n times the largest coordinate, to the right and down. A box that
#   reaches out of the picture at the top left, as networks give them for what is cut off there, comes back by as much: in 640 x 640, a
#   person in the bottom right corner suppresses a dog in the top left one. The boxes share no pixel, and are of different classes.
# One would have guessed: two classes never suppress each other, which is what the function is for, wherever boxes are. Named the other way
#   round (dog 0, person 1), both stay, and so they do without classes: NMSBoxes. Clip boxes before, or add what makes all of them positive.
# Seen: {"person 0, dog 1": [0], "dog 0, person 1": [0, 1], "moved by 80": [0, 1], "NMSBoxes": [0, 1]}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet opencv-python-headless==4.12.0.88 numpy==2.2.6
cat > check.py <<'PY'
import json
import sys

import cv2

# x, y, width, height
person, dog = [560.0, 560.0, 80.0, 80.0], [-80.0, -80.0, 100.0, 100.0]
scores, least_score, most_overlap = [0.9, 0.8], 0.3, 0.5


def kept(boxes, classes):
    return [int(i) for i in cv2.dnn.NMSBoxesBatched(boxes, scores, classes, least_score, most_overlap)]


moved = [[x + 80, y + 80, width, height] for x, y, width, height in (person, dog)]
seen = {
    "person 0, dog 1": kept([person, dog], [0, 1]),
    "dog 0, person 1": kept([person, dog], [1, 0]),
    "moved by 80": kept(moved, [0, 1]),
    "NMSBoxes": [int(i) for i in cv2.dnn.NMSBoxes([person, dog], scores, least_score, most_overlap)],
}
print(json.dumps(seen))
if list(seen.values()) != [[0], [0, 1], [0, 1], [0, 1]]:
    sys.exit("OpenCV behaves otherwise than stated above")
PY
venv/bin/python check.py
