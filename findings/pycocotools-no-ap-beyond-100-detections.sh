#!/usr/bin/env bash
# Package: pycocotools 2.0.11, and faster-coco-eval 1.8.0, which does not do so (PyPI); numpy 2.4.6.
# Behaviour: with params.maxDets = [1, 10, 300], for pictures with more than a hundred objects, the first figure of summarize(), AP over all thresholds, is
#   -1, the mark of "no objects", without a word: it is looked up for exactly 100 detections, where all other figures take the largest number of the list.
# One would have guessed: the figures that are printed in one table are of the same detections.
# Seen: {'pycocotools': {'100': [1.0, 1.0], '300': [-1.0, 1.0]}, 'faster-coco-eval': {'100': [1.0, 1.0], '300': [1.0, 1.0]}}
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

box = [0, 0, 50, 50]


def figures(COCO, Evaluation, most):
    """AP and AP at 0.5 of one object, found exactly."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": 1, "width": 640, "height": 480}],
            "categories": [{"id": 1, "name": "cat"}],
            "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": box, "area": 2500, "iscrowd": 0}],
        }
        truth.createIndex()
        found = truth.loadRes([{"image_id": 1, "category_id": 1, "bbox": box, "score": 0.9}])
        evaluation = Evaluation(truth, found, "bbox")
        evaluation.params.maxDets = [1, 10, most]
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [round(float(one), 3) for one in evaluation.stats[:2]]


tools = {
    "pycocotools": (pycocotools.coco.COCO, pycocotools.cocoeval.COCOeval),
    "faster-coco-eval": (faster_coco_eval.COCO, faster_coco_eval.COCOeval_faster),
}
seen = {tool: {str(most): figures(*classes, most) for most in (100, 300)} for tool, classes in tools.items()}
print(seen)
if seen["pycocotools"] != {"100": [1.0, 1.0], "300": [-1.0, 1.0]} or seen["faster-coco-eval"] != {"100": [1.0, 1.0], "300": [1.0, 1.0]}:
    sys.exit("COCO evaluation of more than 100 detections behaves otherwise than stated above")
PY
venv/bin/python -W ignore check.py
