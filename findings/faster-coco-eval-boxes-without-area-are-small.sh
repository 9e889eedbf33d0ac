#!/usr/bin/env bash
# Package: faster-coco-eval 1.8.0 (PyPI), beside pycocotools 2.0.11; numpy 2.4.6.
# Behaviour: annotations without "area" (several labelling tools write none) are accepted, and each counts as an object of area 0:
#   the figures for small objects are those of all, medium and large ones have -1, whatever the sizes of the boxes. The overall figures are
#   right. pycocotools stops with a KeyError.
# One would have guessed: a tool that stands in for pycocotools either stops as well, or takes width times height of the box.
# Seen: {'with': {'all': 1.0, 'small': -1.0, 'medium': -1.0, 'large': 1.0}, 'without': {'all': 1.0, 'small': 1.0, 'medium': -1.0, 'large': -1.0}, 'pycocotools': "KeyError('area')"}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet faster-coco-eval==1.8.0 pycocotools==2.0.11 numpy==2.4.6
cat > check.py <<'PY'
import contextlib
import io
import sys

from faster_coco_eval import COCO, COCOeval_faster
from pycocotools.coco import COCO as Peer
from pycocotools.cocoeval import COCOeval

box = [50, 50, 200, 200]
found = [{"image_id": 1, "category_id": 1, "bbox": box, "score": 0.9}]


def truth(**area):
    return {
        "images": [{"id": 1, "width": 640, "height": 480, "file_name": "1.jpg"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": box, "iscrowd": 0, **area}],
        "categories": [{"id": 1, "name": "dog"}],
    }


def figures(truths, evaluation):
    evaluated = evaluation(truths, truths.loadRes([dict(one) for one in found]), "bbox")
    evaluated.evaluate()
    evaluated.accumulate()
    evaluated.summarize()
    return {name: round(float(evaluated.stats[i]), 3) for name, i in (("all", 0), ("small", 3), ("medium", 4), ("large", 5))}


with contextlib.redirect_stdout(io.StringIO()):
    seen = {
        "with": figures(COCO(truth(area=40000)), COCOeval_faster),
        "without": figures(COCO(truth()), COCOeval_faster),
    }
    try:
        peer = Peer()
        peer.dataset = truth()
        peer.createIndex()
        seen["pycocotools"] = figures(peer, COCOeval)
    except KeyError as error:
        seen["pycocotools"] = repr(error)
print(seen)
if not (seen["with"]["large"] == 1.0 and seen["without"]["small"] == 1.0 and seen["without"]["large"] == -1.0 and seen["pycocotools"] == "KeyError('area')"):
    sys.exit("faster-coco-eval behaves otherwise than stated above")
PY
venv/bin/python check.py
