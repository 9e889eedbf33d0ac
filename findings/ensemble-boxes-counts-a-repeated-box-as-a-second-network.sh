#!/usr/bin/env bash
# Package: ensemble-boxes 1.0.9 (PyPI), with numpy 2.4.6.
# Behaviour: weighted_boxes_fusion lowers the score of what one network of two reports, since the other does not agree: 0.9 becomes 0.45.
#   When that one network reports the object twice (which is usual: the boxes go in before suppression), the two boxes count as two
#   networks, and the score stays 0.9. The same with three boxes of one network among three.
# One would have guessed: a network has one vote for an object, so that agreement of networks is told from repetition by one.
# Seen: {'one of two networks': 0.45, 'one of two, twice': 0.9, 'both': 0.9, 'one of three, three times': 0.9}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet ensemble-boxes==1.0.9 numpy==2.4.6
cat > check.py <<'PY'
import sys

from ensemble_boxes import weighted_boxes_fusion

box = [0.2, 0.2, 0.4, 0.6]


def score(*networks):
    """The score of the fused box; of each network, how often it reports it, at 0.9."""
    boxes, scores, labels = weighted_boxes_fusion(
        [[box] * count for count in networks],
        [[0.9] * count for count in networks],
        [[0] * count for count in networks],
        iou_thr=0.55,
    )
    assert len(boxes) == 1
    return round(float(scores[0]), 3)


seen = {
    "one of two networks": score(1, 0),
    "one of two, twice": score(2, 0),
    "both": score(1, 1),
    "one of three, three times": score(3, 0, 0),
}
print(seen)
if list(seen.values()) != [0.45, 0.9, 0.9, 0.9]:
    sys.exit("ensemble-boxes behaves otherwise than stated above")
PY
venv/bin/python check.py
