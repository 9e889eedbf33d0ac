#!/usr/bin/env bash
# Package: torchvision 0.29.2 with torch 2.15.0 (PyPI). Needs 8 GB of disk, since torch brings CUDA's libraries.
# Behaviour: transforms.v2 has two kinds of coordinates for one and the same KeyPoints. A flip counts pixels (x becomes width - 1 - x), a rotation, like all
#   that is done to boxes, counts from the picture's edge (x becomes width - x). So flipping both ways and rotating by 180 degrees, which are the same
#   for the picture and for boxes, put a point one pixel apart, and the corners of a box, given as points, are not its corners after a flip.
# One would have guessed: a library whose purpose is that picture, boxes and points stay together has one convention for them; a network that
#   is taught with random flips learns points that are half a pixel or a whole one off, by how its labels count.
# Seen: {'flipped both ways': {'box': [5.0, 4.0, 8.0, 7.0], 'its corners': [4.0, 3.0, 7.0, 6.0]}, 'rotated by 180': {'box': [5.0, 4.0, 8.0, 7.0], 'its corners': [5.0, 4.0, 8.0, 7.0]},
#   'same picture': True}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.15.0 torchvision==0.29.2
cat > check.py <<'PY'
import sys

import torch
from torchvision import tv_tensors
from torchvision.transforms.v2 import functional

height, width = 8, 10
left, top, right, bottom = 2.0, 1.0, 5.0, 4.0
picture = tv_tensors.Image(torch.arange(height * width).reshape(1, height, width))
box = tv_tensors.BoundingBoxes(torch.tensor([[left, top, right, bottom]]), format="XYXY", canvas_size=(height, width))
corners = tv_tensors.KeyPoints(torch.tensor([[left, top], [right, bottom]]), canvas_size=(height, width))


def flipped(what):
    return functional.vertical_flip(functional.horizontal_flip(what))


def rotated(what):
    return functional.rotate(what, 180)


def places(change):
    points = change(corners)
    around = [*points.amin(0).tolist(), *points.amax(0).tolist()]
    return {"box": [round(one, 3) for one in change(box)[0].tolist()], "its corners": [round(one, 3) for one in around]}


seen = {
    "flipped both ways": places(flipped),
    "rotated by 180": places(rotated),
    "same picture": bool((flipped(picture) == rotated(picture)).all()),
}
print(seen)
there, before = [5, 4, 8, 7], [4, 3, 7, 6]
if seen != {
    "flipped both ways": {"box": there, "its corners": before},
    "rotated by 180": {"box": there, "its corners": there},
    "same picture": True,
}:
    sys.exit("torchvision behaves otherwise than stated above")
PY
venv/bin/python -W ignore check.py
