"""Measures whether several frames in one run cost less each: CPU time a frame with 1, 2 and 4, in turns, on one thread."""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper


def with_batch(path, count):
    """The same network for so many frames: its inputs, outputs, and the shapes it has fixed."""
    model = onnx.load(path)
    for value in [*model.graph.input, *model.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_value = count
    del model.graph.value_info[:]
    shapes = {node.input[1] for node in model.graph.node if node.op_type == "Reshape"}
    for tensor in model.graph.initializer:
        if tensor.name not in shapes:
            continue
        shape = numpy_helper.to_array(tensor).copy()
        if len(shape) > 1 and shape[0] == 1:
            shape[0] = count
            tensor.CopyFrom(numpy_helper.from_array(shape, tensor.name))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    kind = np.uint8 if given.type == "tensor(uint8)" else np.float32
    frames = np.random.default_rng(1).integers(0, 255, given.shape).astype(kind)
    return lambda: session.run(None, {given.name: frames})


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("model", type=Path)
parser.add_argument("--rounds", type=int, default=9)
arguments = parser.parse_args()

counts = [1, 2, 4]
runs = {count: with_batch(arguments.model, count) for count in counts}
frames = 40
times = {count: [] for count in counts}
for run in runs.values():
    run()
for _ in range(arguments.rounds):
    for count, run in runs.items():
        started = time.process_time()
        for _ in range(frames // count):
            run()
        times[count].append((time.process_time() - started) / frames)
for count in counts[1:]:
    ratios = [many / one for many, one in zip(times[count], times[1])]
    low, high = min(ratios), max(ratios)
    print(f"{count} frames in one run: {statistics.median(ratios):.2f} ({low:.2f}-{high:.2f}) of the CPU time of one, a frame")
