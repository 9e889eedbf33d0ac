#!/usr/bin/env bash
# Package: label-studio-sdk 2.1.2 (PyPI), whose converter is Label Studio's export.
# Behaviour: a rectangle that somebody turned while labelling has another place in each export. COCO has the upright box around it, with the corners
#   computed in per cent of the picture, which are other lengths across than down: right in a square picture, and 40 x 40 instead of 20 x 80 where
#   the picture is twice as wide. YOLO has the box as it was before the turn, but from where its top left corner is after it, so that it need not
#   touch the object: right in no picture. The export of turned boxes (YOLO OBB) is right in both. Nothing is refused or logged.
# One would have guessed: exports of upright boxes either have the box around the turned one, in pixels, or leave turned ones out; and both have the same.
# Seen: {'square': {'COCO': [90.0, 60.0, 20.0, 80.0], 'YOLO': [110.0, 60.0, 80.0, 20.0], 'YOLO OBB': [90.0, 60.0, 20.0, 80.0]},
#   'twice as wide': {'COCO': [70.0, 10.0, 40.0, 40.0], 'YOLO': [110.0, 10.0, 80.0, 20.0], 'YOLO OBB': [90.0, 10.0, 20.0, 80.0]}}
#   (left, top, width, height in pixels)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet label-studio-sdk==2.1.2 pillow==13.0.0
cat > check.py <<'PY'
import json
import os
import sys

from label_studio_sdk.converter import Converter
from PIL import Image

config = '<View><Image name="image" value="$image"/><RectangleLabels name="label" toName="image"><Label value="pen"/></RectangleLabels></View>'


def box(points):
    xs, ys = points[::2], points[1::2]
    return [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)]


def exported(name, width, height):
    """Of a pen of 80 x 20 pixels in the middle that was turned by 90 degrees: it stands upright, 20 x 80."""
    picture = os.path.abspath(f"{name}.png")
    Image.new("RGB", (width, height)).save(picture)
    # What was its top left corner is at the top right after a quarter turn.
    value = {
        "x": 100 * (width / 2 + 10) / width,
        "y": 100 * (height / 2 - 40) / height,
        "width": 100 * 80 / width,
        "height": 100 * 20 / height,
        "rotation": 90,
        "rectanglelabels": ["pen"],
    }
    result = {"from_name": "label", "to_name": "image", "type": "rectanglelabels", "original_width": width, "original_height": height, "value": value}
    with open(f"{name}.json", "w") as file:
        json.dump([{"id": 1, "data": {"image": picture}, "annotations": [{"id": 1, "result": [result]}]}], file)
    converter = Converter(config, ".", download_resources=False)
    converter.convert_to_coco(f"{name}.json", f"{name}-coco", is_dir=False)
    with open(f"{name}-coco/result.json") as file:
        coco = json.load(file)["annotations"][0]["bbox"]
    converter.convert_to_yolo(f"{name}.json", f"{name}-yolo", is_dir=False)
    with open(f"{name}-yolo/labels/{name}.txt") as file:
        x, y, w, h = (float(one) for one in file.read().split()[1:])
    yolo = [(x - w / 2) * width, (y - h / 2) * height, w * width, h * height]
    converter.convert_to_yolo(f"{name}.json", f"{name}-obb", is_dir=False, is_obb=True)
    with open(f"{name}-obb/labels/{name}.txt") as file:
        corners = [float(one) * size for one, size in zip(file.read().split()[1:], 4 * (width, height))]
    boxes = {"COCO": coco, "YOLO": yolo, "YOLO OBB": box(corners)}
    return {kind: [round(one, 2) + 0.0 for one in of] for kind, of in boxes.items()}


seen = {"square": exported("square", 200, 200), "twice as wide": exported("wide", 200, 100)}
print(seen)
expected = {
    "square": {"COCO": [90, 60, 20, 80], "YOLO": [110, 60, 80, 20], "YOLO OBB": [90, 60, 20, 80]},
    "twice as wide": {"COCO": [70, 10, 40, 40], "YOLO": [110, 10, 80, 20], "YOLO OBB": [90, 10, 20, 80]},
}
if seen != expected:
    sys.exit("Label Studio's converter behaves otherwise than stated above")
PY
venv/bin/python check.py
