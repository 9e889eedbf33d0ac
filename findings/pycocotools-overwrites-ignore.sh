#!/usr/bin/env bash
# Package: pycocotools 2.0.11, and faster-coco-eval 1.8.0 (PyPI); numpy 2.4.6.
# Behaviour: COCOeval reads the key "ignore" of an annotation and overwrites it in the next line by "iscrowd". An object that is marked as one not to be counted
#   counts, and missing it halves AP. "iscrowd": 1 does ignore it, but makes it a crowd: its IoU is the share of the detection inside it, and any
#   number of detections match it.
# One would have guessed: a key that the evaluation reads by its name does something.
# Seen: {'pycocotools': {'counted': 0.5, 'ignore': 0.5, 'iscrowd': 1.0}, 'faster-coco-eval': {'counted': 0.5, 'ignore': 0.5, 'iscrowd': 1.0}}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pycocotools==2.0.11 faster-coco-eval==1.8.0 numpy==2.4.6
cat > check.py <<'PY'
import contextlib
import io
import sys

import faster_coco_eval
import pycocotools.coco
import pycocotools.cocoeval

boxes = [[0, 0, 50, 50], [100, 100, 50, 50]]


def ap(COCO, Evaluation, **mark):
    """Of two objects, of which the first is found and the second has a mark."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": 1, "width": 640, "height": 480}],
            "categories": [{"id": 1, "name": "cat"}],
            "annotations": [
                {"id": i + 1, "image_id": 1, "category_id": 1, "bbox": box, "area": 2500, "iscrowd": 0, **(mark if i == 1 else {})}
                for i, box in enumerate(boxes)
            ],
        }
        truth.createIndex()
        found = truth.loadRes([{"image_id": 1, "category_id": 1, "bbox": boxes[0], "score": 0.9}])
        evaluation = Evaluation(truth, found, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return round(float(evaluation.stats[0]), 1)


marks = {"counted": {}, "ignore": {"ignore": 1}, "iscrowd": {"iscrowd": 1}}
tools = {
    "pycocotools": (pycocotools.coco.COCO, pycocotools.cocoeval.COCOeval),
    "faster-coco-eval": (faster_coco_eval.COCO, faster_coco_eval.COCOeval_faster),
}
seen = {tool: {name: ap(*classes, **mark) for name, mark in marks.items()} for tool, classes in tools.items()}
print(seen)
if any(figures != {"counted": 0.5, "ignore": 0.5, "iscrowd": 1.0} for figures in seen.values()):
    sys.exit("an annotation's ignore is read otherwise than stated above")
PY
venv/bin/python -W ignore check.py
