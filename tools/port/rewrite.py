"""Rewrites of an ONNX graph that change its shape and not its result."""

import numpy as np
import onnx
from onnx import helper, numpy_helper


def constants(graph):
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}


def attribute(node, name, default=None):
    for item in node.attribute:
        if item.name == name:
            return helper.get_attribute_value(item)
    return default


def set_attribute(node, name, value):
    kept = [item for item in node.attribute if item.name != name]
    del node.attribute[:]
    node.attribute.extend([*kept, helper.make_attribute(name, value)])


def fold_pads(graph):
    """Moves each zero Pad of height and width into the `pads` of the Conv or MaxPool behind it.

    A MaxPool pads with minus infinity and not with zero. Here the difference is the network's first 2x2 borders of
    values that the LeakyReLU before it made slightly negative; accuracy does not notice, but a Pad's constant zero has
    no range, and quantised it would get a scale of 0/0.
    """
    known = constants(graph)
    for pad in [node for node in graph.node if node.op_type == "Pad"]:
        users = [node for node in graph.node if pad.output[0] in node.input]
        amounts = known[pad.input[1]].tolist()
        rank = len(amounts) // 2
        if any(amounts[:2]) or any(amounts[rank : rank + 2]):
            raise ValueError(f"{pad.name}: expected padding of height and width alone, got {amounts}")
        for user in users:
            if user.op_type not in ("Conv", "MaxPool"):
                raise ValueError(f"{pad.name}: expected a Conv or MaxPool behind it, got {user.op_type}")
            if attribute(user, "auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
                raise ValueError(f"{user.name}: expected explicit pads")
            own = attribute(user, "pads", [0, 0, 0, 0])
            spatial = amounts[2:rank] + amounts[rank + 2 :]
            set_attribute(user, "auto_pad", "NOTSET")
            set_attribute(user, "pads", [a + b for a, b in zip(own, spatial)])
            user.input[list(user.input).index(pad.output[0])] = pad.input[0]
        graph.node.remove(pad)


def keep_needed(graph):
    """Drops nodes and constants that no output needs."""
    needed = {output.name for output in graph.output}
    for node in reversed(list(graph.node)):
        if needed.isdisjoint(node.output):
            graph.node.remove(node)
        else:
            needed.update(node.input)
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in needed]:
        graph.initializer.remove(tensor)


def fold_input_normalisation(graph, conv, mean, std, zero):
    """Folds (pixel - mean) / std into the first convolution, whose input becomes pixel - zero.

    With zero = the letterbox grey, the convolution's own zero padding is that grey, and a uint8 picture is the
    quantised tensor itself: scale 1, zero point `zero`.
    """
    known = {tensor.name: tensor for tensor in graph.initializer}
    weight = numpy_helper.to_array(known[conv.input[1]])
    bias = numpy_helper.to_array(known[conv.input[2]])
    mean, std = np.asarray(mean, np.float64), np.asarray(std, np.float64)
    scaled = weight / std[None, :, None, None]
    shift = (scaled * (zero - mean)[None, :, None, None]).sum(axis=(1, 2, 3))
    known[conv.input[1]].CopyFrom(numpy_helper.from_array(scaled.astype(np.float32), conv.input[1]))
    known[conv.input[2]].CopyFrom(numpy_helper.from_array((bias + shift).astype(np.float32), conv.input[2]))


def uint8_input(graph, name):
    """Takes the QuantizeLinear behind the float input away: the caller's uint8 pixels are the quantised tensor."""
    quantise = next(node for node in graph.node if node.op_type == "QuantizeLinear" and node.input[0] == name)
    inner = quantise.output[0]
    graph.node.remove(quantise)
    for node in graph.node:
        for index, source in enumerate(node.input):
            if source == inner:
                node.input[index] = name
    next(i for i in graph.input if i.name == name).type.tensor_type.elem_type = onnx.TensorProto.UINT8


def rename(graph, old, new):
    """Another name for a value, wherever it stands."""
    for value in [*graph.input, *graph.output, *graph.initializer]:
        if value.name == old:
            value.name = new
    for node in graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                if name == old:
                    names[index] = new
