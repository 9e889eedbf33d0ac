#!/usr/bin/env bash
# Package: rosbags-image 0.10.4 with rosbags 0.11.9 (PyPI), opencv-python-headless 4.14.0.94, numpy 2.4.6.
# Behaviour: a picture of 64 x 48 in NV12 or NV21, which is what the encoders and processors of small boards give, comes from message_to_cvimage(message, "bgr8") as
#   one of 64 x 32: it takes the first 48 of the message's 72 rows, the brightness alone, and reads the lower third of that as colours. The colours are never
#   looked at; a red picture is green. The encodings have entries of their own in its table, and 480 or 1080 rows divide as well, so nothing fails.
# One would have guessed: 48 rows in colour, or an error: the number of bytes is there to compare (ROS: height times step times 1.5, sensor_msgs' getHeightScaling).
# Seen: {'nv12': ((32, 64, 3), 'green'), 'nv21': ((32, 64, 3), 'green'), 'yuyv': ((48, 64, 3), 'red'), 'OpenCV of nv12': ((48, 64, 3), 'red')}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet rosbags-image==0.10.4 rosbags==0.11.9 opencv-python-headless==4.14.0.94 numpy==2.4.6
cat > check.py <<'PY'
import sys

import cv2
import numpy as np
from rosbags.image import message_to_cvimage
from rosbags.typesys import Stores, get_typestore

types = get_typestore(Stores.ROS2_HUMBLE).types
header = types["std_msgs/msg/Header"](stamp=types["builtin_interfaces/msg/Time"](0, 0), frame_id="camera")
width, height = 64, 48

# Red in BT.601 of limited range.
y, u, v = 81, 90, 240
planes = {name: np.vstack([np.full((height, width), y, np.uint8), np.tile(np.array(pair, np.uint8), (height // 2, width // 2))])
          for name, pair in (("nv12", (u, v)), ("nv21", (v, u)))}
given = {**planes, "yuyv": np.tile(np.array([y, u, y, v], np.uint8), (height, width // 2))}


def colour(picture):
    return ("blue", "green", "red")[int(picture.reshape(-1, 3).mean(0).argmax())]


def read(encoding):
    step = width * (2 if encoding == "yuyv" else 1)
    message = types["sensor_msgs/msg/Image"](header, height, width, encoding, 0, step, given[encoding].reshape(-1))
    picture = message_to_cvimage(message, "bgr8")
    return picture.shape, colour(picture)


seen = {name: read(name) for name in given}
whole = cv2.cvtColor(given["nv12"], cv2.COLOR_YUV2BGR_NV12)
seen["OpenCV of nv12"] = (whole.shape, colour(whole))
print(seen)
lower, right = ((32, 64, 3), "green"), ((48, 64, 3), "red")
if list(seen.values()) != [lower, lower, right, right]:
    sys.exit("rosbags-image behaves otherwise than stated above")
PY
venv/bin/python check.py
