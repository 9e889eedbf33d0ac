#!/usr/bin/env bash
# Package: sahi 0.12.8 (PyPI), with opencv-python-headless 4.12.0.88.
# Behaviour: get_sliced_prediction with its defaults unites two objects of one class that the network told apart in one and
#   the same slice: a child who stands in front of a grown-up (their boxes overlap with an IoU of 0.22) leaves a single person, in a
#   box around both. Its default compares the intersection with the smaller box (IOS, 0.5), and merges instead of suppressing.
# One would have guessed: pieces of an object from different slices are joined; what a network reports side by side in one
#   slice, after its own suppression, stays two. With postprocess_match_metric="IOU" it does.
# Seen: {'default': [[100, 100, 240, 430]], 'IOU': [[100, 100, 220, 420], [150, 260, 240, 430]]}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet sahi==0.12.8 opencv-python-headless==4.12.0.88
cat > check.py <<'PY'
import sys

import numpy as np
from sahi.models.base import DetectionModel
from sahi.predict import get_sliced_prediction
from sahi.prediction import ObjectPrediction

people = [([100, 100, 220, 420], 0.9), ([150, 260, 240, 430], 0.85)]


class TwoPeople(DetectionModel):
    """Answers as a detector does that has seen both."""

    def check_dependencies(self, packages=None):
        pass

    def load_model(self):
        self.category_mapping = {0: "person"}

    def perform_inference(self, image):
        self._original_predictions = people

    def _create_object_prediction_list_from_original_predictions(self, shift_amount_list=None, full_shape_list=None):
        shift, shape = (shift_amount_list or [[0, 0]])[0], (full_shape_list or [None])[0]
        self._object_prediction_list_per_image = [
            [
                ObjectPrediction(bbox=list(box), category_id=0, category_name="person", score=score, shift_amount=shift, full_shape=shape)
                for box, score in people
            ]
        ]


def boxes(**options):
    model = TwoPeople(confidence_threshold=0.5, device="cpu")
    picture = np.zeros((512, 512, 3), np.uint8)
    result = get_sliced_prediction(picture, model, slice_height=512, slice_width=512, verbose=0, **options)
    return sorted([int(side) for side in found.bbox.to_xyxy()] for found in result.object_prediction_list)


seen = {"default": boxes(), "IOU": boxes(postprocess_match_metric="IOU")}
print(seen)
if not (len(seen["default"]) == 1 and len(seen["IOU"]) == 2):
    sys.exit("sahi behaves otherwise than stated above")
PY
venv/bin/python check.py
