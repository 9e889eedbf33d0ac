"""What one would write in Python without Ocellus: OpenCV reads, onnxruntime finds, paho-mqtt tells.

Written as the tutorials do, with the same model on the same input: letterbox, run, decode, non-maximum suppression, one
message a frame that shows something. Prints what it cost as one JSON line.
"""

import argparse
import json
import resource
import time

import cv2
import numpy as np
import onnxruntime
import paho.mqtt.client as mqtt

parser = argparse.ArgumentParser()
parser.add_argument("--clip", required=True)
parser.add_argument("--model", required=True)
parser.add_argument("--card", required=True)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--fps", type=float, default=0, help="0: as fast as it goes")
parser.add_argument("--threads", type=int, default=2)
options = parser.parse_args()

card = json.load(open(options.card))
size, grey, labels = card["input"]["width"], card["input"]["pad"], card["labels"]
strides = card["decoder"]["strides"]
settings = onnxruntime.SessionOptions()
settings.intra_op_num_threads = options.threads
session = onnxruntime.InferenceSession(options.model, settings, providers=["CPUExecutionProvider"])

client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
client.connect("127.0.0.1", options.port)
client.loop_start()

corners = []
for stride in strides:
    y, x = np.mgrid[: size // stride, : size // stride]
    corners.append(np.stack([x, y, np.full(x.shape, stride)], -1).reshape(-1, 3))
corners = np.concatenate(corners).astype(np.float32)


def letterbox(frame):
    """Top left, the rest grey, as YOLOX is trained."""
    height, width = frame.shape[:2]
    scale = min(size / width, size / height)
    w, h = round(width * scale), round(height * scale)
    square = np.full((size, size, 3), grey, np.uint8)
    square[:h, :w] = cv2.resize(frame, (w, h), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(square.transpose(2, 0, 1), dtype=np.float32)[None], scale


def detect(frame, threshold=0.5, iou=0.6):
    tensor, scale = letterbox(frame)
    rows = session.run(None, {"images": tensor})[0][0]
    scores = rows[:, 4:5] * rows[:, 5:]
    classes = scores.argmax(1)
    best = scores[np.arange(len(classes)), classes]
    keep = best >= threshold
    if not keep.any():
        return []
    rows, at, classes, best = rows[keep], corners[keep], classes[keep], best[keep]
    centre = (rows[:, :2] + at[:, :2]) * at[:, 2:] / scale
    wh = np.exp(rows[:, 2:4]) * at[:, 2:] / scale
    boxes = np.concatenate([centre - wh / 2, wh], 1)
    kept = cv2.dnn.NMSBoxesBatched(boxes.tolist(), best.tolist(), classes.tolist(), threshold, iou)
    xyxy = np.concatenate([boxes[:, :2], centre + wh / 2], 1)
    return [{"label": labels[classes[i]], "score": float(best[i]), "box": xyxy[i].tolist()} for i in kept]


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


# Frames that warm caches up; what is measured comes after them.
WARM_UP = 20
capture = cv2.VideoCapture(options.clip)
frames, latencies, started = 0, [], time.perf_counter()
begun = cpu = None
while True:
    ok, frame = capture.read()
    if not ok:
        break
    if options.fps:
        due = started + frames / options.fps
        time.sleep(max(0, due - time.perf_counter()))
    taken = time.perf_counter()
    found = detect(frame)
    if found:
        client.publish("peer/camera/detections", json.dumps({"time": time.time(), "detections": found}))
    frames += 1
    if frames == WARM_UP:
        begun, cpu = time.perf_counter(), cpu_seconds()
    elif frames > WARM_UP:
        latencies.append((time.perf_counter() - taken) * 1000)
wall, cpu = time.perf_counter() - begun, cpu_seconds() - cpu
client.loop_stop()
client.disconnect()
latencies.sort()
print(json.dumps({
    "frames": frames - WARM_UP, "wallSeconds": wall, "cpuSeconds": cpu,
    "residentMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
    "latencyMs": {"p50": latencies[len(latencies) // 2], "p99": latencies[len(latencies) * 99 // 100]},
}))
