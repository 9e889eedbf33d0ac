#!/usr/bin/env bash
# Package: supervision 0.27.0 (PyPI), with opencv-python-headless 4.12.0.88.
# Behaviour: sv.ByteTrack associates by overlap alone. Where a car drives to the place at which a person stood, or a label flickers, the
#   same track goes on under its number with the new class: what counts people by track sees one that turns into a car.
# One would have guessed: a track is of one class, as with trackers that associate class by class.
# Seen: [(1, 0), (1, 0), (1, 0), (1, 2), (1, 2)], each the track's number and the class
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet supervision==0.27.0 opencv-python-headless==4.12.0.88
cat > check.py <<'PY'
import sys

import numpy as np
import supervision as sv

person, car = 0, 2
tracker = sv.ByteTrack()
seen = []
for x, label in ((10, person), (12, person), (14, person), (16, car), (18, car)):
    box = np.array([[x, 10, x + 40, 50]], float)
    look = sv.Detections(xyxy=box, confidence=np.array([0.9]), class_id=np.array([label]))
    tracked = tracker.update_with_detections(look)
    seen += [(int(track), int(one)) for track, one in zip(tracked.tracker_id, tracked.class_id)]
print(seen)
if seen != [(1, person)] * 3 + [(1, car)] * 2:
    sys.exit("supervision behaves otherwise than stated above")
PY
venv/bin/python -W ignore check.py
