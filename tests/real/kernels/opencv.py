"""Reads pictures (base64 bytes) and sizes as JSON, gives what OpenCV makes of them: resized, converted, or both."""

import base64
import json
import sys

import cv2
import numpy as np

to_rgb = {"I420": cv2.COLOR_YUV2RGB_I420, "NV12": cv2.COLOR_YUV2RGB_NV12}


def answer(job):
    data = np.frombuffer(base64.b64decode(job["pixels"]), np.uint8)
    if job["format"] in to_rgb:
        picture = cv2.cvtColor(data.reshape(job["height"] * 3 // 2, job["width"]), to_rgb[job["format"]])
    elif job["format"] == "GRAY8":
        picture = data.reshape(job["height"], job["width"])
    else:
        picture = data.reshape(job["height"], job["width"], 3)
    if job["size"]:
        # Whole boxes first, as the kernel averages, then linear.
        for box in [job["box"]] if job["box"] > 1 else []:
            picture = cv2.resize(picture, (picture.shape[1] // box, picture.shape[0] // box), interpolation=cv2.INTER_AREA)
        picture = cv2.resize(picture, tuple(job["size"]), interpolation=cv2.INTER_LINEAR)
    return base64.b64encode(np.ascontiguousarray(picture).tobytes()).decode()


print(json.dumps([answer(job) for job in json.load(sys.stdin)]))
