"""Reads pictures with truth and detections as JSON, gives COCO's average precision of them: [ap, ap50, ap75, by size, by class]."""

import contextlib
import io
import json
import sys

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def corners(box):
    x1, y1, x2, y2 = box
    return [x1, y1, x2 - x1, y2 - y1]


def evaluate(pictures):
    images, annotations, results = [], [], []
    for number, picture in enumerate(pictures):
        images.append({"id": number, "width": 10000, "height": 10000})
        for item in picture["truth"]:
            box = corners(item["box"])
            annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": item["classId"], "bbox": box,
                                "area": box[2] * box[3], "iscrowd": 0})
        for item in picture["detections"]:
            results.append({"image_id": number, "category_id": item["classId"], "bbox": corners(item["box"]), "score": item["score"]})
    classes = sorted({item["category_id"] for item in annotations + results})
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {"images": images, "annotations": annotations, "categories": [{"id": i} for i in classes]}
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    # [thresholds, recalls, classes, areas, limits]; -1 where a class has no object.
    precision = evaluation.eval["precision"][:, :, :, 0, 2]
    by_class = {str(c): float(np.mean(precision[:, :, k])) for k, c in enumerate(evaluation.params.catIds) if precision[:, :, k].min() > -1}
    names = ["ap", "ap50", "ap75", "apSmall", "apMedium", "apLarge"]
    return {**dict(zip(names, evaluation.stats)), "perClass": by_class}


print(json.dumps([evaluate(pictures) for pictures in json.load(sys.stdin)]))
