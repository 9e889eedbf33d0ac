"""What one would write in Python to find what is small: the way that recorders with motion regions go.

OpenCV finds where the picture differs from a slow mean; around that, and around what is followed, squares of the
network's own size or larger are cut out and run through onnxruntime; a tracker by overlap joins what is found, and an
object is one whose median score passes the threshold. Every frame that shows motion is looked at, and every
`--interval` seconds those objects that rest. Prints its events and what it cost as one JSON line.
"""

import argparse
import json
import resource

import cv2
import numpy as np
import onnxruntime

parser = argparse.ArgumentParser()
parser.add_argument("--clip", required=True)
parser.add_argument("--model", required=True)
parser.add_argument("--card", required=True)
parser.add_argument("--labels", required=True, help="watched, comma-separated")
parser.add_argument("--threshold", type=float, default=0.6, help="of the median score")
parser.add_argument("--least", type=float, default=0.4, help="of one detection")
parser.add_argument("--interval", type=float, default=1.0)
options = parser.parse_args()

card = json.load(open(options.card))
size, grey, labels = card["input"]["width"], card["input"]["pad"], card["labels"]
strides = card["decoder"]["strides"]
watched = set(options.labels.split(","))
settings = onnxruntime.SessionOptions()
settings.intra_op_num_threads = 1
settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
session = onnxruntime.InferenceSession(options.model, settings, providers=["CPUExecutionProvider"])
cv2.setNumThreads(1)

corners = []
for stride in strides:
    y, x = np.mgrid[: size // stride, : size // stride]
    corners.append(np.stack([x, y, np.full(x.shape, stride)], -1).reshape(-1, 3))
corners = np.concatenate(corners).astype(np.float32)

MOTION_HEIGHT = 180
MOTION_THRESHOLD = 25
MOTION_AREA = 6
BACKGROUND = 0.01
LOST_SECONDS = 2
REST_SECONDS = 5


class Motion:
    """The slow mean of a small grey picture; what differs from it is motion."""

    def __init__(self):
        self.mean = None

    def boxes(self, grey_frame):
        scale = grey_frame.shape[0] / MOTION_HEIGHT
        small = cv2.resize(grey_frame, (round(grey_frame.shape[1] / scale), MOTION_HEIGHT), interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (3, 3), 0).astype(np.float32)
        if self.mean is None:
            self.mean = small.copy()
        delta = cv2.absdiff(small, self.mean)
        _, changed = cv2.threshold(delta.astype(np.uint8), MOTION_THRESHOLD, 255, cv2.THRESH_BINARY)
        changed = cv2.dilate(changed, None, iterations=1)
        contours, _ = cv2.findContours(changed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        cv2.accumulateWeighted(small, self.mean, BACKGROUND)
        found = [cv2.boundingRect(c) for c in contours if cv2.contourArea(c) >= MOTION_AREA]
        return [np.array([x, y, x + w, y + h]) * scale for x, y, w, h in found]


def square(box, frame, least=size, grow=1.4):
    """A square around a box, of the network's size at least, inside the frame."""
    height, width = frame.shape[:2]
    side = int(min(max(least, grow * max(box[2] - box[0], box[3] - box[1])), height))
    x = int(np.clip((box[0] + box[2]) / 2 - side / 2, 0, width - side))
    y = int(np.clip((box[1] + box[3]) / 2 - side / 2, 0, height - side))
    return x, y, side


def joined(boxes, reach):
    """Boxes nearer to each other than `reach` are one."""
    boxes = [b.astype(float) for b in boxes]
    again = True
    while again:
        again, result = False, []
        for box in boxes:
            for i, other in enumerate(result):
                if (box[0] - reach < other[2] and other[0] - reach < box[2]
                        and box[1] - reach < other[3] and other[1] - reach < box[3]):
                    result[i] = np.array([*np.minimum(box[:2], other[:2]), *np.maximum(box[2:], other[2:])])
                    again = True
                    break
            else:
                result.append(box)
        boxes = result
    return boxes


def iou(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0
    return w * h / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - w * h)


def detect(frame, x, y, side):
    crop = cv2.resize(frame[y:y + side, x:x + side], (size, size), interpolation=cv2.INTER_LINEAR)
    tensor = np.ascontiguousarray(crop.transpose(2, 0, 1), dtype=np.float32)[None]
    rows = session.run(None, {card["input"]["name"]: tensor})[0][0]
    scores = rows[:, 5:] * rows[:, 4:5]
    classes, best = scores.argmax(1), scores.max(1)
    keep = best >= options.least
    rows, at, classes, best = rows[keep], corners[keep], classes[keep], best[keep]
    scale = side / size
    centre = (rows[:, :2] + at[:, :2]) * at[:, 2:] * scale + (x, y)
    wh = np.exp(rows[:, 2:4]) * at[:, 2:] * scale
    return [(labels[c], float(s), np.array([*(m - d / 2), *(m + d / 2)]))
            for m, d, s, c in zip(centre, wh, best, classes) if labels[c] in watched]


def suppressed(found, threshold=0.5):
    kept = []
    for one in sorted(found, key=lambda f: -f[1]):
        if all(one[0] != other[0] or iou(one[2], other[2]) < threshold for other in kept):
            kept.append(one)
    return kept


class Object:
    def __init__(self, label, score, box, now):
        self.label, self.box, self.first, self.last = label, box, now, now
        self.scores, self.sure, self.moved, self.anchor = [score], False, now, box

    def update(self, score, box, now):
        self.scores = (self.scores + [score])[-10:]
        self.box, self.last = box, now
        if iou(box, self.anchor) < 0.6:
            self.anchor, self.moved = box, now
        if len(self.scores) >= 3 and np.median(self.scores) >= options.threshold:
            self.sure = True

    def rests(self, now):
        return now - self.moved > REST_SECONDS


def distance(a, b):
    way = np.hypot(*((a[:2] + a[2:]) / 2 - (b[:2] + b[2:]) / 2))
    return way / max(8, np.sqrt((a[2] - a[0]) * (a[3] - a[1])))


capture = cv2.VideoCapture(options.clip)
fps = capture.get(cv2.CAP_PROP_FPS)
motion, objects, events = Motion(), [], []
frames = looks = 0
looked = -1e9
used = resource.getrusage(resource.RUSAGE_SELF)
begun = used.ru_utime + used.ru_stime
while True:
    ok, frame = capture.read()
    if not ok:
        break
    now = frames / fps
    frames += 1
    moving = motion.boxes(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))
    due = now - looked >= options.interval
    wanted = [o.box for o in objects if due or not o.rests(now)]
    wanted += [m for m in moving if not any(iou(m, o.box) > 0.1 for o in objects)]
    regions = [square(box, frame) for box in joined(wanted, size / 8)]
    looked = now if due else looked
    if not regions:
        for o in [o for o in objects if now - o.last > LOST_SECONDS and not o.rests(now)]:
            objects.remove(o)
            events += [o] if o.sure else []
        continue
    found = suppressed([one for region in regions for one in detect(frame, *region)])
    looks += len(regions)
    pairs = sorted((distance(o.box, f[2]), i, j) for i, o in enumerate(objects) for j, f in enumerate(found)
                   if o.label == f[0])
    taken, matched = set(), set()
    for way, i, j in pairs:
        if way > 1.5 or i in matched or j in taken:
            continue
        matched.add(i)
        taken.add(j)
        objects[i].update(found[j][1], found[j][2], now)
    objects += [Object(*f, now) for j, f in enumerate(found) if j not in taken]
    for o in [o for o in objects if now - o.last > (5 * LOST_SECONDS if o.rests(now) else LOST_SECONDS)]:
        objects.remove(o)
        events += [o] if o.sure else []
events += [o for o in objects if o.sure]
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    "frames": frames, "looks": looks, "cpuSeconds": used.ru_utime + used.ru_stime - begun,
    "events": [{"label": o.label, "start": o.first, "end": o.last, "box": [float(v) for v in o.box]} for o in events],
}))
