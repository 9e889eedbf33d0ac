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


def canonical(graph):
    """The same graph in an order and with names that depend on its structure alone.

    Exporters order nodes and name values by hashes of objects in memory; the bytes of the file must not.
    """
    producers = {output: node for node in graph.node for output in node.output}
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    nodes, used, seen = [], [], set()

    def visit(value):
        if value in seen or not value:
            return
        seen.add(value)
        if value in tensors:
            used.append(tensors[value])
        elif value in producers:
            node = producers[value]
            for source in node.input:
                visit(source)
            if not any(node is done for done in nodes):
                nodes.append(node)

    for output in graph.output:
        visit(output.name)
    names = {value.name: value.name for value in [*graph.input, *graph.output]}
    for index, tensor in enumerate(used):
        names[tensor.name] = f"weight_{index}"
    for index, node in enumerate(nodes):
        node.name = f"{node.op_type.lower()}_{index}"
        for number, output in enumerate(node.output):
            names.setdefault(output, f"{node.name}_{number}" if number else node.name)
    for tensor in used:
        tensor.name = names[tensor.name]
    for node in nodes:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    nodes, used = [copy(node) for node in nodes], [copy(tensor) for tensor in used]
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.initializer.extend(used)


def copy(message):
    twin = type(message)()
    twin.CopyFrom(message)
    return twin


def halve_weights(graph):
    """Stores tensors of two dimensions and more in half precision; a Cast, which run-times do once, makes floats of them."""
    casts = []
    for tensor in graph.initializer:
        value = numpy_helper.to_array(tensor)
        if value.ndim < 2:
            continue
        name, half = tensor.name, f"{tensor.name}_half"
        tensor.CopyFrom(numpy_helper.from_array(value.astype(np.float16), half))
        casts.append(helper.make_node("Cast", [half], [name], name=name, to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
