"""Runs a network in ncnn or LiteRT for `ocellus bench`, which starts this with a Python that has them.

    adapter.py list          one line of JSON: of each engine its version, or why it is not here
    adapter.py run SPEC      SPEC is JSON: engine, file, threads, shape of the input

`run` answers on standard output: first a header, JSON with its length in four bytes before it; then, for each `r` and the
floats of an input on standard input, sixteen bytes with the nanoseconds by the clock and of the processor and the floats of
all outputs; for each `m` eight bytes, the resident memory that the engine and the network add. The engine's own types are
converted here, as who uses it would have to, and that time counts.
"""

import importlib.metadata
import importlib.util
import json
import os
import re
import struct
import sys
import time

ENGINES = {"ncnn": [("ncnn", "ncnn")], "litert": [("ai_edge_litert", "ai-edge-litert"), ("tflite_runtime", "tflite-runtime")]}


def available(engine):
    for module, package in ENGINES[engine]:
        try:
            if importlib.util.find_spec(module) is not None:
                return {"version": importlib.metadata.version(package), "module": module}
        except (ImportError, ValueError, importlib.metadata.PackageNotFoundError):
            continue
    names = " or ".join(package for _, package in ENGINES[engine])
    return {"why": f"{sys.executable} has no {names}: pip install {ENGINES[engine][0][1]}"}


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def ncnn_runner(spec):
    import ncnn
    import numpy as np

    weights = re.sub(r"\.param$", ".bin", spec["file"])
    net = ncnn.Net()
    net.opt.num_threads = spec["threads"]
    net.opt.use_vulkan_compute = False
    if net.load_param(spec["file"]) or not os.path.exists(weights) or net.load_model(weights):
        raise RuntimeError(f"ncnn does not load {spec['file']} with {weights} beside it")
    (given, *others), outputs = net.input_names(), net.output_names()
    if others:
        raise RuntimeError(f"expected a network with one input, {spec['file']} has {', '.join([given, *others])}")
    with open(spec["file"]) as file:
        is_int8 = re.search(r"^(Convolution|ConvolutionDepthWise|InnerProduct) .* 8=[1-9]", file.read(), re.MULTILINE)
    with open(weights, "rb") as file:
        is_half = file.read(4) == struct.pack("<I", 0x01306B47)

    def run(picture):
        extractor = net.create_extractor()
        extractor.input(given, ncnn.Mat(picture[0]))
        results = []
        for name in outputs:
            failed, value = extractor.extract(name)
            if failed:
                raise RuntimeError(f"ncnn does not compute the output {name}")
            results.append(np.array(value, np.float32))
        return results

    return {"precision": "int8" if is_int8 else "fp16" if is_half else "fp32", "input": spec["shape"], "names": outputs}, run


def litert_runner(spec):
    module = available("litert")["module"]
    import numpy as np

    Interpreter = importlib.import_module(f"{module}.interpreter").Interpreter
    interpreter = Interpreter(spec["file"], num_threads=spec["threads"])
    interpreter.allocate_tensors()
    (given, *others), outputs = interpreter.get_input_details(), interpreter.get_output_details()
    if others:
        raise RuntimeError(f"expected a network with one input, {spec['file']} has {1 + len(others)}")
    types = {np.dtype(tensor["dtype"]).name for tensor in interpreter.get_tensor_details() if len(tensor["shape"]) > 1}
    precision = "int8" if types & {"int8", "uint8"} else "fp16" if "float16" in types else "fp32"

    def quantised(values, detail):
        scale, zero = detail["quantization"]
        limits = np.iinfo(detail["dtype"])
        return np.clip(np.rint(values / (scale or 1) + zero), limits.min, limits.max).astype(detail["dtype"])

    def floats(values, detail):
        scale, zero = detail["quantization"]
        return (values.astype(np.float32) - zero) * scale if scale else values.astype(np.float32)

    is_integer = np.issubdtype(given["dtype"], np.integer)

    def run(picture):
        interpreter.set_tensor(given["index"], quantised(picture, given) if is_integer else picture.astype(given["dtype"]))
        interpreter.invoke()
        return [floats(interpreter.get_tensor(one["index"]), one) for one in outputs]

    shape = [int(side) for side in given["shape"]]
    return {"precision": precision, "input": shape, "names": [one["name"] for one in outputs]}, run


RUNNERS = {"ncnn": ncnn_runner, "litert": litert_runner}


def serve(spec):
    import numpy as np

    # What the engine writes there would stand between the answers.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    before = resident()
    began = time.perf_counter()
    about, run = RUNNERS[spec["engine"]](spec)
    shape = about["input"]
    picture = np.zeros(shape, np.float32)
    first = run(picture)
    about.update(
        startMs=(time.perf_counter() - began) * 1000,
        version=available(spec["engine"])["version"],
        outputs=[{"name": name, "shape": list(value.shape)} for name, value in zip(about.pop("names"), first)],
    )
    header = json.dumps(about).encode()
    out.write(struct.pack("<I", len(header)) + header)
    out.flush()
    given = sys.stdin.buffer
    while verb := given.read(1):
        if verb == b"m":
            out.write(struct.pack("<q", max(0, resident() - before)))
        else:
            data = given.read(picture.nbytes)
            picture = np.frombuffer(data, np.float32).reshape(shape)
            wall, cpu = time.perf_counter_ns(), time.process_time_ns()
            results = run(picture)
            wall, cpu = time.perf_counter_ns() - wall, time.process_time_ns() - cpu
            out.write(struct.pack("<qq", wall, cpu))
            for value in results:
                out.write(np.ascontiguousarray(value, np.float32).tobytes())
        out.flush()


if __name__ == "__main__":
    if sys.argv[1] == "list":
        print(json.dumps({engine: available(engine) for engine in ENGINES}))
    else:
        try:
            serve(json.loads(sys.argv[2]))
        except Exception as error:  # What an engine throws is its own matter: its last line is told.
            sys.exit(" ".join(str(error).split()) or type(error).__name__)
