"""Objects in a picture, from Python: as many as `ocellus detect` finds, by the same numbers.

    python3 samples/python/detect.py sdk/models/yolox-nano-416-int8.card.json cat.ppm

Any detector that is compiled will do. A line for each object: score, x1 y1 x2 y2 in pixels, label. `ffmpeg -i cat.jpg cat.ppm` makes
such a picture. With OpenCV or Pillow it is `detector.detect(cv2.imread(path))` or `detector.detect(Image.open(path))`.
"""

import re
import sys

from ocellus import Detector, Picture


def read_ppm(path):
    with open(path, "rb") as file:
        content = file.read()
    header = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", content)
    if not header:
        sys.exit(f"{path}: expected a PPM picture (P6)")
    return Picture("RGB24", int(header[1]), int(header[2]), content[header.end() :])


def main(card, picture):
    with Detector(card) as detector:
        for one in detector.detect(read_ppm(picture)):
            print(f"{one.score:.2f}", *(round(corner) for corner in one.box), one.label)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("expected a model's card (.card.json) and a picture (.ppm)")
    main(*sys.argv[1:])
