"""Objects in a picture, from Python: YOLOX-nano as a compiled program.

    python3 samples/python/detect.py sdk/models/yolox-nano-416-int8.ocp cat.ppm

A line for each object: label, score, and x1 y1 x2 y2 in pixels. `ffmpeg -i cat.jpg cat.ppm` makes such a picture.
"""

import json
import math
import re
import sys

from ocellus import Program

THRESHOLD, OVERLAP = 0.4, 0.6


def read_ppm(path):
    with open(path, "rb") as file:
        content = file.read()
    header = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", content)
    if not header:
        sys.exit(f"{path}: expected a PPM picture (P6)")
    width, height = int(header[1]), int(header[2])
    pixels = content[header.end() :]
    if len(pixels) < width * height * 3:
        sys.exit(f"{path}: expected {width * height * 3} bytes of pixels, got {len(pixels)}")
    return width, height, pixels


def letterbox(width, height, rgb, side):
    """Into the network's square, the rest grey, by the nearest pixel; BGR. Gives the scale, too."""
    scale = max(width, height) / side
    square = bytearray([114]) * (side * side * 3)
    for y in range(min(side, int(height / scale))):
        for x in range(min(side, int(width / scale))):
            at = (int((y + 0.5) * scale) * width + int((x + 0.5) * scale)) * 3
            to = (y * side + x) * 3
            square[to : to + 3] = rgb[at : at + 3][::-1]
    return square, scale


def decode(rows, side, scale, classes):
    """Rows of x, y (from the cell's corner, in strides), log w, log h, objectness, a score for each class."""
    width = 5 + classes
    at = 0
    for stride in (8, 16, 32):
        for v in range(side // stride):
            for u in range(side // stride):
                row = rows[at : at + width]
                at += width
                if row[4] < THRESHOLD:
                    continue
                best = max(range(classes), key=lambda c: row[5 + c])
                if row[4] * row[5 + best] < THRESHOLD:
                    continue
                pixels = stride * scale
                x, y = (row[0] + u) * pixels, (row[1] + v) * pixels
                w, h = math.exp(row[2]) * pixels, math.exp(row[3]) * pixels
                yield row[4] * row[5 + best], best, (x - w / 2, y - h / 2, x + w / 2, y + h / 2)


def overlap(a, b):
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(0, w) * max(0, h)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def suppress(found):
    """Of boxes of one class that overlap, the best stays."""
    kept = []
    for score, label, box in sorted(found, reverse=True):
        if all(label != other or overlap(box, one) <= OVERLAP for _, other, one in kept):
            kept.append((score, label, box))
    return kept


def main(path, picture):
    with open(path.replace(".ocp", ".card.json"), encoding="utf-8") as card:
        labels = json.load(card)["labels"]
    width, height, rgb = read_ppm(picture)
    with Program(path) as program:
        side = program.inputs[0].shape[1]
        square, scale = letterbox(width, height, rgb, side)
        rows = program.run(square)[0].values
        for score, label, box in suppress(decode(rows, side, scale, len(labels))):
            print(labels[label], f"{score:.2f}", *(round(corner) for corner in box))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("expected a program (.ocp) and a picture (.ppm)")
    main(*sys.argv[1:])
