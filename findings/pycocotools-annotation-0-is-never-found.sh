#!/usr/bin/env bash
# Package: pycocotools 2.0.11, and faster-coco-eval 1.8.0, which warns (PyPI).
# Behaviour: COCOeval marks a detection as matched by the id of the annotation that it met, and takes a mark of 0 for "unmatched". Where
#   annotations are counted from 0, as exporters that use an array's index do, the object with id 0 is found by nobody: of two objects that are both found
#   exactly, AP is 0.25 instead of 1. Without a word in pycocotools.
# One would have guessed: an id is any number that is there once; the format's description asks no more.
# Seen: {'pycocotools': [1.0, 0.2525], 'faster-coco-eval': [1.0, 0.2525]}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pycocotools==2.0.11 faster-coco-eval==1.8.0
cat > check.py <<'PY'
import contextlib
import io
import sys

import faster_coco_eval
import pycocotools.coco
import pycocotools.cocoeval

boxes = [[0, 0, 50, 50], [100, 100, 50, 50]]


def ap(COCO, Evaluation, first):
    """Of both objects, found exactly."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": 1, "width": 640, "height": 480}],
            "categories": [{"id": 1, "name": "cat"}],
            "annotations": [
                {"id": first + i, "image_id": 1, "category_id": 1, "bbox": box, "area": 2500, "iscrowd": 0} for i, box in enumerate(boxes)
            ],
        }
        truth.createIndex()
        found = truth.loadRes([{"image_id": 1, "category_id": 1, "bbox": box, "score": 0.9 - i / 10} for i, box in enumerate(boxes)])
        evaluation = Evaluation(truth, found, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return round(float(evaluation.stats[0]), 4)


seen = {
    "pycocotools": [ap(pycocotools.coco.COCO, pycocotools.cocoeval.COCOeval, first) for first in (1, 0)],
    "faster-coco-eval": [ap(faster_coco_eval.COCO, faster_coco_eval.COCOeval_faster, first) for first in (1, 0)],
}
print(seen)
if any(from_one != 1 or from_zero > 0.3 for from_one, from_zero in seen.values()):
    sys.exit("COCO evaluation behaves otherwise than stated above")
PY
venv/bin/python -W ignore check.py
