"""Measures ported detectors beside each other: COCO AP by pycocotools and, interleaved on one thread, the time ratio."""

import argparse
import contextlib
import io
import json
import statistics
import time
from pathlib import Path

import numpy as np
import onnxruntime
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

import pictures


def session_of(card_path):
    card = json.loads(Path(card_path).read_text())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    model = Path(card_path).parent / card["file"]
    return card, onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def decode(card, scores, boxes, threshold):
    """NanoDet's outputs -> boxes [x1, y1, x2, y2] in input pixels, scores, classes; the best class of each cell."""
    bins, side = card["decoder"]["bins"], card["input"]["width"]
    centres = []
    for stride in card["decoder"]["strides"]:
        count = side // stride
        y, x = np.mgrid[:count, :count]
        centres.append(np.stack([(x + 0.5) * stride, (y + 0.5) * stride, np.full_like(x, stride)], -1).reshape(-1, 3))
    centres = np.concatenate(centres)
    best = scores.argmax(1)
    value = scores[np.arange(len(scores)), best]
    keep = value >= threshold
    logits = boxes[keep].reshape(-1, 4, bins)
    share = np.exp(logits - logits.max(-1, keepdims=True))
    share /= share.sum(-1, keepdims=True)
    distance = (share * np.arange(bins)).sum(-1) * centres[keep, 2:]
    at = centres[keep, :2]
    return np.concatenate([at - distance[:, :2], at + distance[:, 2:]], 1), value[keep], best[keep]


def suppress(boxes, scores, classes, iou):
    kept = []
    for index in np.argsort(-scores, kind="stable"):
        box = boxes[index]
        area = (box[2] - box[0]) * (box[3] - box[1])
        for other in kept:
            if classes[other] != classes[index]:
                continue
            b = boxes[other]
            w = min(box[2], b[2]) - max(box[0], b[0])
            h = min(box[3], b[3]) - max(box[1], b[1])
            if w > 0 and h > 0 and w * h / (area + (b[2] - b[0]) * (b[3] - b[1]) - w * h) > iou:
                break
        else:
            kept.append(index)
    return kept[:100]


def detect(card, session, path, threshold, iou):
    picture = pictures.read(path)
    tensor, (sx, sy, left, top) = pictures.letterbox(picture, card["input"])
    given = card["input"]
    if given["type"] == "float32":
        shape = (1, 3, 1, 1)
        tensor = (tensor - np.float32(given["mean"]).reshape(shape)) / np.float32(given["std"]).reshape(shape)
    scores, boxes = session.run(["scores", "boxes"], {given["name"]: tensor})
    boxes, scores, classes = decode(card, scores[0], boxes[0], threshold)
    kept = suppress(boxes, scores, classes, iou)
    height, width = picture.shape[:2]
    boxes = (boxes[kept] - [left, top, left, top]) / [sx, sy, sx, sy]
    return np.clip(boxes, 0, [width, height, width, height]), scores[kept], classes[kept]


def truth_of(path, width, height):
    rows = [line.split() for line in path.with_suffix(".txt").read_text().splitlines() if line.strip()]
    for c, cx, cy, w, h in rows:
        w, h = float(w) * width, float(h) * height
        yield int(c), [float(cx) * width - w / 2, float(cy) * height - h / 2, w, h]


def average_precision(card, session, names, threshold, iou):
    images, annotations, results = [], [], []
    for number, path in enumerate(names):
        height, width = pictures.read(path).shape[:2]
        images.append({"id": number, "width": width, "height": height})
        for category, box in truth_of(path, width, height):
            annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": category, "bbox": box,
                                "area": box[2] * box[3], "iscrowd": 0})
        for box, score, category in zip(*detect(card, session, path, threshold, iou)):
            x1, y1, x2, y2 = box.tolist()
            results.append({"image_id": number, "category_id": int(category), "bbox": [x1, y1, x2 - x1, y2 - y1], "score": float(score)})
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {"images": images, "annotations": annotations, "categories": [{"id": i} for i in range(len(card["labels"]))]}
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats[0], evaluation.stats[1]


def time_ratios(pair, rounds):
    """Milliseconds of each and the ratio first / second, the two taking turns."""
    feeds = []
    for card, session in pair:
        given = card["input"]
        pixels = np.random.default_rng(0).integers(0, 255, (1, 3, given["height"], given["width"]))
        feeds.append({given["name"]: pixels.astype(given["type"])})
        session.run(None, feeds[-1])
    times = [[], []]
    for _ in range(rounds):
        for index, (_, session) in enumerate(pair):
            started = time.perf_counter()
            session.run(None, feeds[index])
            times[index].append((time.perf_counter() - started) * 1000)
    ratios = sorted(a / b for a, b in zip(*times))
    return [statistics.median(t) for t in times], statistics.median(ratios), ratios[len(ratios) // 10], ratios[len(ratios) * 9 // 10]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cards", nargs="+", help="NAME.card.json")
    parser.add_argument("--pictures", required=True, help="pictures with YOLO labels beside them")
    parser.add_argument("--score", type=float, default=0.01)
    parser.add_argument("--iou", type=float, default=0.6)
    parser.add_argument("--rounds", type=int, default=100)
    arguments = parser.parse_args()
    names = pictures.find(arguments.pictures)
    loaded = [session_of(path) for path in arguments.cards]
    for card, session in loaded:
        ap, ap50 = average_precision(card, session, names, arguments.score, arguments.iou)
        print(f"{card['name']}: AP {ap:.4f}, AP50 {ap50:.4f} on {len(names)} pictures")
    for other in loaded[1:]:
        (a, b), middle, low, high = time_ratios((loaded[0], other), arguments.rounds)
        print(f"{loaded[0][0]['name']} / {other[0]['name']}: {middle:.2f} (10-90 %: {low:.2f}-{high:.2f}), {a:.1f} ms / {b:.1f} ms, one thread")


if __name__ == "__main__":
    main()
