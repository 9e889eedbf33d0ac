#!/usr/bin/env bash
# Package: supervision 0.27.0 (PyPI), with opencv-python-headless 4.12.0.88.
# Behaviour: sv.mask_to_xyxy gives the last pixel of a mask as its right and bottom side, while every box of the library, its areas and IoUs among them,
#   end behind the last pixel. A mask of 4 x 4 pixels has a box of area 9, whose IoU with the object's box is 0.5625; a mask of one pixel, a
#   box without area, which a filter by area drops.
# One would have guessed: the box that holds the mask's pixels: its area is the mask's where the mask is a rectangle.
# Seen: mask of 16 pixels: box [1, 1, 4, 4], area 9.0, IoU 0.5625; of 1 pixel: area 0.0
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet supervision==0.27.0 opencv-python-headless==4.12.0.88
cat > check.py <<'PY'
import sys

import numpy as np
import supervision as sv


def box_of(side):
    mask = np.zeros((1, 8, 8), bool)
    mask[0, 1 : 1 + side, 1 : 1 + side] = True
    return int(mask.sum()), sv.mask_to_xyxy(mask)


pixels, box = box_of(4)
area = float(sv.Detections(xyxy=box.astype(float)).area[0])
iou = float(sv.box_iou_batch(np.array([[1, 1, 5, 5]], float), box.astype(float))[0, 0])
single = float(sv.Detections(xyxy=box_of(1)[1].astype(float)).area[0])
print(f"mask of {pixels} pixels: box {box[0].tolist()}, area {area}, IoU {iou:.4f}; of 1 pixel: area {single}")
if (area, single) != (9, 0):
    sys.exit("supervision behaves otherwise than stated above")
PY
venv/bin/python -W ignore check.py
