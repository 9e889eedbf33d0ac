"""OpenCV's background subtraction as a motion gate, for gate/main.ts. One thread.

The argument is a JSON list of rules. Then for each clip a JSON line {"width", "height", "fps", "frames", "only"} and the grey
pictures; "only" names the rules to run. The answer is one JSON line: for each rule and frame the area of the largest part of
the foreground in pixels (after the opening), 0 where the whole view changed at once, and the milliseconds of all frames.
"""

import json
import math
import sys
import time

import cv2
import numpy as np

cv2.setNumThreads(1)
rules = json.loads(sys.argv[1])
print(json.dumps({"opencv": cv2.__version__}), flush=True)


def subtractor(rule):
    if rule["method"] == "MOG2":
        return cv2.createBackgroundSubtractorMOG2(500, rule["threshold"], rule["shadows"])
    return cv2.createBackgroundSubtractorKNN(500, rule["threshold"], rule["shadows"])


class Gate:
    def __init__(self, rule, fps):
        self.rule = rule
        self.subtract = subtractor(rule)
        # OpenCV's own rate is 1 / min(frames so far, history); in seconds it means the same at each frame rate.
        self.rate = 1 - math.exp(-1 / (fps * rule["seconds"])) if rule["seconds"] else -1
        self.kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (rule["open"], rule["open"]))
        self.seen = 0

    def area(self, picture):
        if self.rule["blur"]:
            picture = cv2.GaussianBlur(picture, (self.rule["blur"], self.rule["blur"]), 0)
        self.seen += 1
        rate = self.rate if self.rate < 0 else max(self.rate, 1 / self.seen)
        mask = self.subtract.apply(picture, learningRate=rate)
        # A shadow is 127.
        mask = cv2.threshold(mask, 200, 255, cv2.THRESH_BINARY)[1]
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, self.kernel)
        if cv2.countNonZero(mask) > self.rule["light"] * mask.size:
            return 0
        stats = cv2.connectedComponentsWithStats(mask, connectivity=8)[2]
        return int(stats[1:, cv2.CC_STAT_AREA].max()) if len(stats) > 1 else 0


for line in sys.stdin.buffer:
    clip = json.loads(line)
    size = clip["width"] * clip["height"]
    gates = {i: Gate(rules[i], clip["fps"]) for i in clip["only"]}
    areas = {i: [] for i in gates}
    spent = {i: 0.0 for i in gates}
    for _ in range(clip["frames"]):
        picture = np.frombuffer(sys.stdin.buffer.read(size), np.uint8).reshape(clip["height"], clip["width"])
        for i, gate in gates.items():
            began = time.perf_counter()
            areas[i].append(gate.area(picture))
            spent[i] += time.perf_counter() - began
    print(json.dumps({"areas": areas, "ms": {i: s * 1000 for i, s in spent.items()}}), flush=True)
