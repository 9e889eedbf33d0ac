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
bins, strides = card["decoder"]["bins"], card["decoder"]["strides"]
settings = onnxruntime.SessionOptions()
settings.intra_op_num_threads = options.threads
session = onnxruntime.InferenceSession(options.model, settings, providers=["CPUExecutionProvider"])

client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
client.connect("127.0.0.1", options.port)
client.loop_start()

centres = []
for stride in strides:
    y, x = np.mgrid[: size // stride, : size // stride]
    centres.append(np.stack([(x + 0.5) * stride, (y + 0.5) * stride, np.full(x.shape, stride)], -1).reshape(-1, 3))
centres = np.concatenate(centres).astype(np.float32)
steps = np.arange(bins, dtype=np.float32)


def letterbox(frame):
    height, width = frame.shape[:2]
    scale = min(size / width, size / height)
    w, h = round(width * scale), round(height * scale)
    left, top = (size - w) // 2, (size - h) // 2
    small = cv2.resize(frame, (w, h), interpolation=cv2.INTER_LINEAR)
    box = cv2.copyMakeBorder(small, top, size - h - top, left, size - w - left, cv2.BORDER_CONSTANT, value=(grey,) * 3)
    return np.ascontiguousarray(box.transpose(2, 0, 1))[None], scale, left, top


def detect(frame, threshold=0.5, iou=0.6):
    tensor, scale, left, top = letterbox(frame)
    scores, boxes = session.run(["scores", "boxes"], {"images": tensor})
    classes = scores[0].argmax(1)
    best = scores[0][np.arange(len(classes)), classes]
    keep = best >= threshold
    if not keep.any():
        return []
    logits = boxes[0][keep].reshape(-1, 4, bins)
    share = np.exp(logits - logits.max(-1, keepdims=True))
    distance = (share / share.sum(-1, keepdims=True) @ steps) * centres[keep, 2:]
    at = centres[keep, :2]
    xyxy = (np.concatenate([at - distance[:, :2], at + distance[:, 2:]], 1) - [left, top, left, top]) / scale
    wh = np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], 1)
    kept = cv2.dnn.NMSBoxesBatched(wh.tolist(), best[keep].tolist(), classes[keep].tolist(), threshold, iou)
    return [{"label": labels[classes[keep][i]], "score": float(best[keep][i]), "box": xyxy[i].tolist()} for i in kept]


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
