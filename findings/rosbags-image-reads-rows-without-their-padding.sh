#!/usr/bin/env bash
# Package: rosbags-image 0.10.4 with rosbags 0.11.9 (PyPI), opencv-python-headless 4.14.0.94, numpy 2.4.6.
# Behaviour: a message sensor_msgs/Image says how many bytes a row has (`step`), since many cameras pad rows to 32 or 64 bytes. message_to_cvimage never
#   reads it: the picture has the right size and is sheared, each row beginning where the one before ended without its padding. A width whose rows
#   need no padding (640) shows nothing.
# One would have guessed: the field whose only purpose is to find the next row is used for that, as cv_bridge does.
# Seen: {'step 90': [20, 20, 20, 20], 'step 96': [20, 22, 24, 26]}   (where an upright line stands, row by row)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet rosbags-image==0.10.4 rosbags==0.11.9 opencv-python-headless==4.14.0.94 numpy==2.4.6
cat > check.py <<'PY'
import sys

import numpy as np
from rosbags.image import message_to_cvimage
from rosbags.typesys import Stores, get_typestore

types = get_typestore(Stores.ROS2_HUMBLE).types
header = types["std_msgs/msg/Header"](stamp=types["builtin_interfaces/msg/Time"](0, 0), frame_id="camera")
height, width = 4, 30
picture = np.zeros((height, width, 3), np.uint8)
picture[:, 20] = 255


def read(step):
    rows = np.zeros((height, step), np.uint8)
    rows[:, : 3 * width] = picture.reshape(height, 3 * width)
    message = types["sensor_msgs/msg/Image"](header, height, width, "bgr8", 0, step, rows.reshape(-1))
    return message_to_cvimage(message)


def columns(of):
    """Of the white pixels, row by row; -1 where a row has none."""
    return [int(row[:, 0].argmax()) if row.any() else -1 for row in of]


seen = {f"step {step}": columns(read(step)) for step in (90, 96)}
print(seen)
if read(96).shape != picture.shape or seen != {"step 90": [20, 20, 20, 20], "step 96": [20, 22, 24, 26]}:
    sys.exit("rosbags-image behaves otherwise than stated above")
PY
venv/bin/python check.py
