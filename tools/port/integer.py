"""Quantises a graph of convolutions to int8, with 8-bit weights that are right on every processor.

x86 without VNNI multiplies unsigned activations by signed weights two by two and keeps each sum of two products in 16 bits:
255 x 127 + 255 x 127 becomes 32767, half of what it is. The usual way out is 7 bits for all weights. But only pairs of one
sign that add up to more than 128 can overflow. Here such pairs alone are brought down to 128, and each channel gets the
scale with which that, and rounding, do the least harm. Every sum then fits, so all processors give the same numbers.
"""

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

import rewrite

# 128 x 255 fits into 16 bits.
PAIR = 128
BINS = 2048


class Moments:
    """What calibration knows of a tensor: its range and distribution, and of each channel the first two moments."""

    def __init__(self):
        self.low = self.high = 0.0
        self.histogram = np.zeros(BINS, np.int64)
        self.count = 0
        self.sum = self.square = 0.0

    def see(self, value):
        # Zero is in each range, so that it stays exact: padding is made of it.
        self.low, self.high = min(self.low, float(value.min())), max(self.high, float(value.max()))
        axes = (0, *range(2, value.ndim))
        wide = value.astype(np.float64)
        self.sum = self.sum + wide.mean(axis=axes)
        self.square = self.square + (wide * wide).mean(axis=axes)
        self.count += 1

    def bin(self, value):
        self.histogram += np.histogram(value, BINS, (self.low, self.high))[0]

    @property
    def mean(self):
        return self.sum / self.count

    @property
    def mean_square(self):
        return self.square / self.count


def observe(model, feeds):
    """Runs the float model on each feed, twice, and returns {tensor: Moments} of all tensors between its nodes."""
    watched = rewrite.copy(model)
    names = [name for node in model.graph.node for name in node.output]
    del watched.graph.output[:]
    watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = onnxruntime.SessionOptions()
    # Optimised, tensors that are asked for may be gone.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(watched.SerializeToString(), options, providers=["CPUExecutionProvider"])
    given = model.graph.input[0].name
    moments = {name: Moments() for name in [given, *names]}
    # The range is known after the first look, and the histogram needs it.
    for look in (Moments.see, Moments.bin):
        for feed in feeds:
            for name, value in [(given, feed), *zip(names, session.run(names, {given: feed}))]:
                look(moments[name], value)
    return moments


def best_scale(moments):
    """(scale, zero point) of uint8 with the least squared error over the histogram: what is rare may be cut off."""
    edges = np.linspace(moments.low, moments.high, BINS + 1)
    centres = (edges[:-1] + edges[1:]) / 2
    best = (np.inf, None)
    for share in np.linspace(0.3, 1, 71):
        scale = np.float32((moments.high - moments.low) * share / 255)
        zero = int(np.clip(np.rint(-moments.low * share / scale), 0, 255))
        near = (np.clip(np.rint(centres / scale) + zero, 0, 255) - zero) * scale
        error = float(((near - centres) ** 2 * moments.histogram).sum())
        best = min(best, (error, (scale, zero)))
    return best[1]


def round_weights(weight, step, pairs):
    """Integers [channels, products] in units of `step` [channels, 1]: within +-127, no pair of one sign beyond PAIR."""
    value = np.clip(np.rint(weight / step), -127, 127).astype(np.int32)
    if not pairs:
        return value
    pair = np.pad(value, ((0, 0), (0, value.shape[1] % 2))).reshape(len(value), -1, 2)
    excess = np.where(pair.prod(2) > 0, np.maximum(np.abs(pair.sum(2)) - PAIR, 0), 0)
    first = (excess + 1) // 2
    pair -= np.sign(pair) * np.stack([first, excess - first], 2)
    return pair.reshape(len(value), -1)[:, : value.shape[1]]


def best_weights(weight, importance, pairs, least_step):
    """Integers and each channel's step with the least squared error, each weight's weighed by its input's mean square."""
    top = np.maximum(np.abs(weight).max(1, keepdims=True) / 127, least_step)
    least = np.full((len(weight), 1), np.inf)
    steps, values = top, np.zeros(weight.shape, np.int32)
    # At twice the step no pair overflows any more: that is 7 bits.
    for share in np.linspace(0.7, 2.02, 67):
        # As the file will hold it.
        step = (top * share).astype(np.float32).astype(np.float64)
        value = round_weights(weight, step, pairs)
        error = ((weight - value * step) ** 2 * importance).sum(1, keepdims=True)
        better = error < least
        least, steps, values = (np.where(better, new, old) for new, old in ((error, least), (step, steps), (value, values)))
    return values, steps


def quantise(model, moments, given):
    """The int8 twin of a float model of Conv, Clip, Add, GlobalAveragePool, Flatten and Gemm.

    `given`: scale and zero point of the input; the caller's bytes are the quantised tensor. Outputs stay float. A Clip
    behind a Conv is gone: the range of what it gave does its work.
    """
    writer = _Writer(model.graph, moments, given)
    clipped = {node.input[0]: node.output[0] for node in model.graph.node if node.op_type == "Clip"}
    for node in model.graph.node:
        if node.op_type != "Clip":
            writer.write(node, clipped.get(node.output[0], node.output[0]))
    (source,) = model.graph.input
    images = rewrite.copy(source)
    images.type.tensor_type.elem_type = onnx.TensorProto.UINT8
    graph = helper.make_graph(writer.nodes, model.graph.name, [images], model.graph.output, writer.constants)
    return helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)


class _Writer:
    """Writes each node between DequantizeLinear and QuantizeLinear."""

    def __init__(self, graph, moments, given):
        self.known, self.moments = rewrite.constants(graph), moments
        self.nodes, self.constants, self.scales = [], [], {}
        self.outputs = {output.name for output in graph.output}
        self.read = {name for node in graph.node for name in node.input}
        name = graph.input[0].name
        self.dequantise(name, name, given)

    def write(self, node, output):
        kind = node.op_type
        attributes = {item.name: helper.get_attribute_value(item) for item in node.attribute}
        inputs = [self.real(name) for name in node.input if name in self.scales]
        if kind == "Conv":
            # The order in which onnxruntime sums: pixel by pixel, channels innermost. A depthwise sum has 32 bits.
            inputs += self.weights(node, output, (0, 2, 3, 1), attributes.get("group", 1) == 1)
        elif kind == "Gemm":
            inputs += self.weights(node, output, (0, 1), True)
        if output not in self.read:
            self.add(kind, inputs, output, **attributes)
            return
        self.add(kind, inputs, f"{output}_float", **attributes)
        scale = self.scales[node.input[0]] if kind == "Flatten" else best_scale(self.moments[output])
        self.add("QuantizeLinear", [f"{output}_float", *self.scale_of(output, scale)], f"{output}_integer")
        self.dequantise(output, f"{output}_integer", scale)

    def weights(self, node, output, order, pairs):
        """The DequantizeLinear of weights and bias, one scale a channel."""
        moments = self.moments[node.input[0]]
        weight, bias = (self.known[name].astype(np.float64) for name in node.input[1:])
        turned = weight.transpose(order)
        rows = turned.reshape(len(weight), -1)
        depthwise = weight.shape[1] == 1
        mean, square = (
            np.broadcast_to(one[:, None] if depthwise else np.tile(one, rows.shape[1] // len(one)), rows.shape)
            for one in (moments.mean, moments.mean_square)
        )
        scale = self.scales[node.input[0]][0]
        # A channel without weights is its bias alone, which has to fit into 32 bits.
        least_step = np.maximum(np.abs(bias[:, None]) / (scale * 2.0**30), 1e-12)
        values, steps = best_weights(rows, square, pairs, least_step)
        # What rounding takes from the sum on average, the bias gives back.
        bias = bias + ((rows - values * steps) * mean).sum(1)
        steps = steps[:, 0].astype(np.float32)
        units = scale * steps
        integers = values.reshape(turned.shape).transpose(np.argsort(order)).astype(np.int8)
        return [
            self.constant(f"{output}_weight", integers, steps),
            self.constant(f"{output}_bias", np.rint(bias / units).astype(np.int32), units),
        ]

    def constant(self, name, value, scale):
        parts = {name: value, f"{name}_scale": scale, f"{name}_zero": np.zeros(len(scale), value.dtype)}
        self.constants += [numpy_helper.from_array(part, key) for key, part in parts.items()]
        return self.add("DequantizeLinear", list(parts), f"{name}_real", axis=0)

    def scale_of(self, name, scale):
        self.scales[name] = scale
        parts = {f"{name}_scale": np.float32(scale[0]), f"{name}_zero": np.uint8(scale[1])}
        self.constants += [numpy_helper.from_array(np.array(part), key) for key, part in parts.items()]
        return list(parts)

    def dequantise(self, name, quantised, scale):
        parts = [f"{name}_scale", f"{name}_zero"] if name in self.scales else self.scale_of(name, scale)
        self.add("DequantizeLinear", [quantised, *parts], self.real(name))

    def real(self, name):
        """Where readers find a tensor."""
        return name if name in self.outputs else f"{name}_real"

    def add(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output
