"""The graph of EfficientNet-Lite, in any of its sizes. Where its weights come from, a subclass says."""

import math

import numpy as np
import onnx
from onnx import helper, numpy_helper

STEM, FEATURES, CLASSES = 32, 1280, 1000
EPSILON = 1e-3
# Repeats, stride of the first, expansion, channels: Tan & Le 2019, table 1, without squeeze-and-excitation.
STAGES = [(1, 1, 1, 16), (2, 2, 6, 24), (2, 2, 6, 40), (3, 2, 6, 80), (3, 1, 6, 112), (4, 2, 6, 192), (1, 1, 6, 320)]


class Builder:
    """Writes the graph as ONNX: two outputs, `embedding [N, 1280]` and `logits [N, 1000]`, an open batch."""

    def __init__(self, name, side, width=1.0, depth=1.0):
        self.name, self.input_side, self.side, self.width, self.depth = name, side, side, width, depth
        self.nodes, self.constants = [], []

    def build(self):
        self.constant("zero", 0)
        self.constant("six", 6)
        x, channels, block = self.convolution("images", "_conv_stem", "_bn0", stride=2), STEM, 0
        for stage, (repeats, first_stride, expansion, filters) in enumerate(STAGES):
            filters = self.scaled(filters)
            # The first and the last stage are as they are in all sizes.
            for repeat in range(repeats if stage in (0, len(STAGES) - 1) else math.ceil(self.depth * repeats)):
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
        value = lambda name, *shape: helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", *shape])
        graph = helper.make_graph(
            self.nodes, self.name, [value("images", 3, self.input_side, self.input_side)],
            [value("embedding", FEATURES), value("logits", CLASSES)], self.constants,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="ocellus")

    def scaled(self, channels):
        """A number of channels for this width: a multiple of 8, and not much less."""
        wanted = channels * self.width
        rounded = max(8, int(wanted + 4) // 8 * 8)
        return rounded if rounded >= 0.9 * wanted else rounded + 8

    def convolution(self, source, name, norm, stride=1, group=1, clip=True):
        kernel, side = self.kernel_of(f"{name}.weight"), -(-self.side // stride)
        # TensorFlow's SAME: an odd pixel of padding goes to the right and the bottom.
        padding = max((side - 1) * stride + kernel - self.side, 0)
        self.side = side
        output = self.normalised(
            source, name, norm, kernel_shape=[kernel, kernel], strides=[stride, stride], group=group,
            pads=[padding // 2] * 2 + [padding - padding // 2] * 2,
        )
        return self.add("Clip", [output, "zero", "six"], f"{output}.clip") if clip else output

    def constant(self, name, value):
        self.constants.append(numpy_helper.from_array(np.array(value, np.float32), name))
        return name

    def add(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def kernel_of(self, weight):
        """The side of a convolution's kernel."""
        raise NotImplementedError

    def weight(self, name):
        """Adds a tensor of the checkpoint as it is. @returns Its name in the graph."""
        raise NotImplementedError

    def normalised(self, source, name, norm, **attributes):
        """Adds a convolution and the batch normalisation after it. @returns Its name."""
        raise NotImplementedError
