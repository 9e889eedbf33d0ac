"""Makes networks with random weights in PyTorch's formats: python make_torch.py KIND OUT."""

import os
import sys

import torch
import torchvision

SIDE = 224


class Ssd(torch.nn.Module):
    """SSDLite without its suppression: boxes as offsets from its anchors, and class scores."""

    def __init__(self, ssd):
        super().__init__()
        self.backbone, self.head = ssd.backbone, ssd.head

    def forward(self, images):
        found = self.head(list(self.backbone(images).values()))
        return found["bbox_regression"], found["cls_logits"].softmax(-1)


def mobilenet():
    return with_statistics(torchvision.models.mobilenet_v3_small(weights=None)), torch.zeros(1, 3, SIDE, SIDE)


def ssdlite():
    detection = torchvision.models.detection
    ssd = detection.ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=21)
    return with_statistics(Ssd(ssd)), torch.zeros(1, 3, 320, 320)


def with_statistics(model, gain=(0.8, 1.2)):
    """As after training: normalisations that do something."""
    torch.manual_seed(7)
    for layer in model.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            for tensor, least, most in (
                (layer.running_mean, -0.1, 0.1),
                (layer.running_var, 0.8, 1.2),
                (layer.weight, *gain),
                (layer.bias, -0.1, 0.1),
            ):
                torch.nn.init.uniform_(tensor, least, most)
    return model.eval()


def exported(network, out):
    model, example = network()
    torch.export.save(torch.export.export(model, (example,)), out)


def torchscript(network, out):
    model, example = network()
    torch.jit.save(torch.jit.trace(model, example), out)


def yolo(out):
    """As its own package exports it, with its description inside."""
    from ultralytics import YOLO

    out = os.path.abspath(out)
    # It writes beside where it runs.
    os.chdir(os.path.dirname(out))
    torch.manual_seed(7)
    model = YOLO("yolo11n.yaml")
    with_statistics(model.model, (1.7, 2.1))
    # Its scores would be next to nothing everywhere, or all of them 1: nothing would be compared.
    lasts = [last for *_, last in model.model.model[-1].cv3]
    hooks = [last.register_forward_pre_hook(with_spread) for last in lasts]
    model.model(torch.nn.functional.interpolate(torch.rand(1, 3, 8, 8), (320, 320), mode="bilinear"))
    for hook in hooks:
        hook.remove()
    made = model.export(format="onnx", imgsz=320, simplify=False)
    if os.path.abspath(made) != out:
        os.replace(made, out)


def with_spread(layer, inputs):
    """Scores as a detector has them: most are low, some pass a threshold."""
    features = inputs[0].transpose(0, 1).flatten(1)
    torch.nn.init.normal_(layer.weight, std=1 / float(features.var(1).sum()) ** 0.5)
    layer.bias.copy_(-6.0 - layer.weight.flatten(1) @ features.mean(1))


torch.manual_seed(7)
KINDS = {
    "mobilenet.pt2": lambda out: exported(mobilenet, out),
    "mobilenet.pt": lambda out: torchscript(mobilenet, out),
    "ssdlite.pt2": lambda out: exported(ssdlite, out),
    "ssdlite.pt": lambda out: torchscript(ssdlite, out),
    "yolo11n.onnx": yolo,
}

with torch.no_grad():
    KINDS[sys.argv[1]](sys.argv[2])
