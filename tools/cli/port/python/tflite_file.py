"""What tf2onnx does not read of a TFLite file: weights that are kept without their zeros."""

import copy

import numpy as np

import tensors

DENSIFY = 124


def dense(path, written):
    """
    Writes the file with all weights in full, if it has some that are kept without their zeros (DENSIFY), as several of
    MediaPipe's have.

    @returns The path of what can be converted: `written`, or `path` where there are none.
    """
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    with open(path, "rb") as file:
        model = flatbuffer_utils.convert_bytearray_to_object(bytearray(file.read()))
    sparse = [
        (graph, tensor) for graph in model.subgraphs for tensor in graph.tensors if tensor.sparsity is not None
    ]
    if not sparse:
        return path
    for graph, tensor in sparse:
        data = filled(tensor, model.buffers[tensor.buffer].data, schema)
        buffer = copy.copy(model.buffers[tensor.buffer])
        buffer.data = np.frombuffer(data.tobytes(), np.uint8)
        model.buffers.append(buffer)
        tensor.buffer, tensor.sparsity = len(model.buffers) - 1, None
    for graph in model.subgraphs:
        without_densify(graph, model.operatorCodes)
    flatbuffer_utils.write_model(model, written)
    return written


def without_densify(graph, codes):
    """What DENSIFY gave is what it took now."""
    instead = {}
    kept = []
    for operator in graph.operators:
        if codes[operator.opcodeIndex].builtinCode == DENSIFY:
            instead[operator.outputs[0]] = operator.inputs[0]
        else:
            kept.append(operator)
    graph.operators = kept
    for operator in kept:
        operator.inputs = np.array([instead.get(at, at) for at in operator.inputs], np.int32)


def types_of(schema):
    kinds = schema.TensorType
    return {kinds.FLOAT32: np.float32, kinds.FLOAT16: np.float16, kinds.INT8: np.int8, kinds.UINT8: np.uint8}


def filled(tensor, buffer, schema):
    """The numbers of a tensor whose blocks, rows and columns are kept in the order and the form that `sparsity` says."""
    sparsity, shape = tensor.sparsity, [int(side) for side in tensor.shape]
    kind = types_of(schema).get(tensor.type)
    if kind is None:
        raise tensors.Refused(f"the weights {name_of(tensor)} lack their zeros, and are of a type that is not read so: {tensor.type}")
    values = np.frombuffer(bytes(buffer), kind)
    order = [int(level) for level in sparsity.traversalOrder]
    blocks = [int(axis) for axis in (sparsity.blockMap if sparsity.blockMap is not None else [])]
    # A row for each number, a column for each level, in the order in which the levels are gone through.
    places = np.zeros((1, 0), np.int64)
    sizes = []
    for level in sparsity.dimMetadata:
        if level.format == schema.DimensionType.DENSE:
            size = int(level.denseSize)
            sizes.append(size)
            found = np.tile(np.arange(size), len(places))
            places = np.repeat(places, size, axis=0)
        else:
            segments = np.asarray(level.arraySegments.values, np.int64)
            counts = np.diff(segments)
            if len(counts) != len(places):
                raise tensors.Refused(f"the weights {name_of(tensor)}: expected {len(places)} segments, got {len(counts)}")
            sizes.append(None)
            found = np.asarray(level.arrayIndices.values, np.int64)
            places = np.repeat(places, counts, axis=0)
        if len(found) != len(places):
            raise tensors.Refused(f"the weights {name_of(tensor)}: expected {len(places)} indices, got {len(found)}")
        places = np.concatenate([places, found[:, None]], axis=1)
    if len(values) != len(places):
        raise tensors.Refused(f"the weights {name_of(tensor)}: expected {len(places)} numbers, got {len(values)}")
    at = [np.zeros(len(places), np.int64) for _ in shape]
    for column, level in enumerate(order):
        if level < len(shape):
            at[level] += places[:, column] * block_side(level, blocks, order, sizes, len(shape))
        else:
            at[blocks[level - len(shape)]] += places[:, column]
    full = np.zeros(shape, kind)
    full[tuple(at)] = values
    return full


def block_side(axis, blocks, order, sizes, rank):
    """How many numbers of an axis lie in a block."""
    side = 1
    for i, own in enumerate(blocks):
        if own == axis:
            side *= sizes[order.index(rank + i)]
    return side


def name_of(tensor):
    return tensor.name.decode() if isinstance(tensor.name, bytes) else tensor.name
