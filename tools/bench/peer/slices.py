"""Slicing inference by SAHI with a YOLOX network in onnxruntime, one thread, for slices/main.ts.

The arguments are the network and the least score. Then for each picture a JSON line {"file", "slice", "overlap", "merge"}; the answer
is a JSON line {"boxes": [[x1, y1, x2, y2, score, class], ...], "cpu_ms"}: the time of the processor without reading the file.
"""

import json
import sys
import time

import cv2
import numpy as np
import onnxruntime
import sahi
from PIL import Image
from sahi.models.base import DetectionModel
from sahi.prediction import ObjectPrediction
from sahi.predict import get_sliced_prediction

cv2.setNumThreads(1)
side = 416
nms_iou = 0.6


class Yolox(DetectionModel):
    def check_dependencies(self, packages=None):
        pass

    def set_device(self, device=None):
        self.device = "cpu"

    def load_model(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.model = onnxruntime.InferenceSession(self.model_path, options, providers=["CPUExecutionProvider"])
        cells = [(x, y, stride) for stride in (8, 16, 32) for y in range(side // stride) for x in range(side // stride)]
        self.cells = np.array(cells, np.float32)

    def perform_inference(self, image):
        height, width = image.shape[:2]
        scale = min(side / width, side / height)
        size = (round(width * scale), round(height * scale))
        padded = np.full((side, side, 3), 114, np.uint8)
        padded[: size[1], : size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        blob = np.ascontiguousarray(padded[:, :, ::-1].transpose(2, 0, 1), np.float32)[None]
        rows = self.model.run(None, {self.model.get_inputs()[0].name: blob})[0][0]
        rows = rows[rows[:, 4] >= self.confidence_threshold], self.cells[rows[:, 4] >= self.confidence_threshold]
        self._original_predictions = self.boxes(*rows, scale, width, height)

    def boxes(self, rows, cells, scale, width, height):
        scores = rows[:, 4:5] * rows[:, 5:]
        classes = scores.argmax(1)
        best = scores[np.arange(len(rows)), classes]
        kept = best >= self.confidence_threshold
        rows, cells, classes, best = rows[kept], cells[kept], classes[kept], best[kept]
        centre = (rows[:, :2] + cells[:, :2]) * cells[:, 2:]
        size = np.exp(rows[:, 2:4]) * cells[:, 2:]
        corners = np.concatenate([centre - size / 2, size], 1)
        order = cv2.dnn.NMSBoxesBatched(corners.tolist(), best.tolist(), classes.tolist(), self.confidence_threshold, nms_iou)
        corners = np.concatenate([centre - size / 2, centre + size / 2], 1) / scale
        corners = corners.clip(0, [width, height, width, height])
        return [(*corners[i].tolist(), float(best[i]), int(classes[i])) for i in order]

    def _create_object_prediction_list_from_original_predictions(self, shift_amount_list=None, full_shape_list=None):
        def single(value):
            return value[0] if value and isinstance(value[0], (list, tuple)) else value

        shift, shape = single(shift_amount_list) or [0, 0], single(full_shape_list)
        self._object_prediction_list_per_image = [[
            ObjectPrediction(bbox=list(box), category_id=label, category_name=str(label), score=score, shift_amount=shift, full_shape=shape)
            for *box, score, label in self._original_predictions
            if box[2] > box[0] and box[3] > box[1]
        ]]


model = Yolox(model_path=sys.argv[1], confidence_threshold=float(sys.argv[2]))
print(json.dumps({"sahi": sahi.__version__, "onnxruntime": onnxruntime.__version__}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    picture = np.array(Image.open(asked["file"]).convert("RGB"))
    began = time.process_time()
    found = get_sliced_prediction(
        picture,
        model,
        slice_height=asked["slice"],
        slice_width=asked["slice"],
        overlap_height_ratio=asked["overlap"],
        overlap_width_ratio=asked["overlap"],
        postprocess_type=asked["merge"],
        postprocess_match_metric="IOU" if asked["merge"] == "NMS" else "IOS",
        # It would take NMS at low scores by itself.
        force_postprocess_type=True,
        verbose=0,
    )
    spent = time.process_time() - began
    boxes = [[*one.bbox.to_xyxy(), float(one.score.value), one.category.id] for one in found.object_prediction_list]
    print(json.dumps({"boxes": boxes, "cpu_ms": spent * 1000}), flush=True)
