#!/usr/bin/env bash
# Packages: supervision 0.31.2, globox 2.9.0, pylabel 0.1.55 (PyPI), with opencv-python-headless 4.14.0.94, pandas 2.3.3 and numpy 2.4.6.
# Behaviour: a box in a file of PASCAL VOC is written in two ways that the file does not tell apart. supervision takes one off left and top when it reads and adds one when
#   it writes (pixels from 1, the last one included, as VOC's own data are); globox and pylabel take the four numbers as edges that count from 0. Each of
#   them reads its own files back exactly. A box of 4 x 4 pixels that went from globox to supervision is 5 x 5, and the other way it is 3 x 3: IoU 0.64 and 0.5625.
# One would have guessed: a format of twenty years has one meaning, or at least the loss is even on all sides, where a comparison of centres would show it.
# Seen: {'by supervision': {'supervision': [10, 20, 14, 24], 'globox': [11, 21, 14, 24], 'pylabel': [11, 21, 14, 24]},
#   'by globox': {'supervision': [9, 19, 14, 24], 'globox': [10, 20, 14, 24], 'pylabel': [10, 20, 14, 24]}}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --only-binary :all: supervision==0.31.2 globox==2.9.0 pylabel==0.1.55 \
  opencv-python-headless==4.14.0.94 pandas==2.3.3 numpy==2.4.6 2> pip.log || {
  cat pip.log >&2
  exit 1
}
cat > check.py <<'PY'
import os
import sys

import cv2
import globox
import numpy as np
import supervision
from pylabel import importer

box = [10, 20, 14, 24]
for made in ("images", "by supervision", "by globox"):
    os.mkdir(made)
picture = "images/a.png"
cv2.imwrite(picture, np.zeros((100, 120, 3), np.uint8))

detections = supervision.Detections(xyxy=np.array([box], float), class_id=np.array([0]))
dataset = supervision.DetectionDataset(classes=["cat"], images=[picture], annotations={picture: detections})
dataset.as_pascal_voc(annotations_directory_path="by supervision")
left, top, right, bottom = box
one = globox.BoundingBox(label="cat", xmin=left, ymin=top, xmax=right, ymax=bottom)
globox.AnnotationSet([globox.Annotation("a.png", (120, 100), [one])]).save_pascal_voc("by globox")


def by_supervision(folder):
    ((_, _, read),) = supervision.DetectionDataset.from_pascal_voc("images", folder)
    return read.xyxy[0]


def by_globox(folder):
    (annotation,) = globox.AnnotationSet.from_pascal_voc(folder)
    return annotation.boxes[0].ltrb


def by_pylabel(folder):
    sides = [f"ann_bbox_{side}" for side in ("xmin", "ymin", "xmax", "ymax")]
    return importer.ImportVOC(path=folder).df[sides].values[0]


readers = {"supervision": by_supervision, "globox": by_globox, "pylabel": by_pylabel}
seen = {made: {name: [int(n) for n in read(made)] for name, read in readers.items()} for made in ("by supervision", "by globox")}
print(seen)
inside, outside = [11, 21, 14, 24], [9, 19, 14, 24]
stated = {
    "by supervision": {"supervision": box, "globox": inside, "pylabel": inside},
    "by globox": {"supervision": outside, "globox": box, "pylabel": box},
}
if seen != stated:
    sys.exit("one of the three behaves otherwise than stated above")
PY
venv/bin/python check.py 2> log || {
  cat log >&2
  exit 1
}
