"""The default network in other run-times, as their own users would run it.

    core.py prepare FOLDER NETWORK.onnx PICTURES     makes what each of them runs, once: FOLDER/*
    core.py run FOLDER SUBJECT THREADS               answers each line {"repeat": n} with one line of JSON:
                                                     milliseconds of n runs, by the clock and of the processor
    core.py list FOLDER                              the subjects that can be run here

onnxruntime quantises by its own means: quantize_static, per channel, QDQ. ncnn and OpenCV run floats.
"""

import json
import os
import sys
import time

SIZE = 416


def letterbox(path):
    """As the card says: top left, grey beside it, BGR, 0..255. Gives 1 x 3 x 416 x 416 floats."""
    import numpy as np
    from PIL import Image

    with Image.open(path) as picture:
        picture = picture.convert("RGB")
        scale = min(SIZE / picture.width, SIZE / picture.height)
        size = (round(picture.width * scale), round(picture.height * scale))
        square = np.full((SIZE, SIZE, 3), 114, np.float32)
        square[: size[1], : size[0]] = np.asarray(picture.resize(size, Image.BILINEAR))
    return np.ascontiguousarray(square[:, :, ::-1].transpose(2, 0, 1)[None])


def pictures_of(folder):
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".jpg")]


def prepare(folder, network, pictures):
    import subprocess

    import ncnn
    import onnx
    from onnx import version_converter
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    os.makedirs(folder, exist_ok=True)
    fp32 = os.path.join(folder, "fp32.onnx")
    model = version_converter.convert_version(onnx.load(network), 13)
    for i, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}_{i}"
    onnx.save(model, fp32)
    name = model.graph.input[0].name

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.paths = iter(pictures_of(pictures))

        def get_next(self):
            path = next(self.paths, None)
            return None if path is None else {name: letterbox(path)}

    # All but what follows the last convolutions: boxes and scores in one tensor of 8 bits would be nothing.
    constants = {one.name: one for one in model.graph.initializer}
    readers = {}
    for node in model.graph.node:
        for value in node.input:
            readers.setdefault(value, []).append(node)
    is_last = lambda node: node.op_type == "Conv" and constants[node.input[1]].dims[0] in (1, 4, 80)
    waiting = [node.output[0] for node in model.graph.node if is_last(node)]
    tail, seen = set(), set(waiting)
    while waiting:
        for node in readers.get(waiting.pop(), []):
            tail.add(node.name)
            waiting += [value for value in node.output if value not in seen]
            seen.update(node.output)
    quantize_static(
        fp32,
        os.path.join(folder, "int8.onnx"),
        Reader(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=sorted(tail),
    )
    # ncnn has no slices with a step: as its own example of YOLOX does, the network begins behind them. What they do is not
    # measured then.
    model = onnx.load(fp32)
    joined = next(node for node in model.graph.node if node.op_type == "Concat")
    begun = list(model.graph.node).index(joined) + 1
    kept = list(model.graph.node)[begun:]
    del model.graph.node[:]
    model.graph.node.extend(kept)
    half = SIZE // 2
    del model.graph.input[:]
    shape = [1, 12, half, half]
    model.graph.input.append(onnx.helper.make_tensor_value_info(joined.output[0], onnx.TensorProto.FLOAT, shape))
    onnx.save(model, os.path.join(folder, "focus.onnx"))
    # The package wants torch, the program in it does not.
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "pnnx==20261020"], check=True)
    pnnx = os.path.join(os.path.dirname(ncnn.__file__), "..", "pnnx", "pnnx")
    subprocess.run(
        [pnnx, "focus.onnx", f"inputshape=[1,12,{half},{half}]"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )


def onnxruntime_runner(file):
    def make(folder, threads, picture):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(os.path.join(folder, file), options, providers=["CPUExecutionProvider"])
        feeds = {session.get_inputs()[0].name: picture}
        return lambda: session.run(None, feeds)

    return make


def opencv_runner(folder, threads, picture):
    import cv2

    cv2.setNumThreads(threads)
    net = cv2.dnn.readNetFromONNX(os.path.join(folder, "fp32.onnx"))

    def run():
        net.setInput(picture)
        return net.forward()

    return run


def ncnn_runner(folder, threads, picture):
    import ncnn
    import numpy as np

    net = ncnn.Net()
    net.opt.num_threads = threads
    net.opt.use_vulkan_compute = False
    if net.load_param(os.path.join(folder, "focus.ncnn.param")) or net.load_model(os.path.join(folder, "focus.ncnn.bin")):
        raise RuntimeError("pnnx made nothing that ncnn loads")

    blocks = [picture[0][:, dy::2, dx::2] for dy, dx in ((0, 0), (1, 0), (0, 1), (1, 1))]
    pixels = np.ascontiguousarray(np.concatenate(blocks))

    def run():
        extractor = net.create_extractor()
        extractor.input("in0", ncnn.Mat(pixels))
        return np.array(extractor.extract("out0")[1])

    return run


SUBJECTS = {
    "onnxruntime 1.32 fp32": ("fp32.onnx", onnxruntime_runner("fp32.onnx")),
    "onnxruntime 1.32 int8": ("int8.onnx", onnxruntime_runner("int8.onnx")),
    "OpenCV 5 dnn fp32": ("fp32.onnx", opencv_runner),
    "ncnn fp32": ("focus.ncnn.param", ncnn_runner),
}


def run(folder, subject, threads):
    import numpy as np

    picture = np.load(os.path.join(folder, "picture.npy"))
    work = SUBJECTS[subject][1](folder, threads, picture)
    for _ in range(3):
        work()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        repeat = json.loads(line)["repeat"]
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(repeat):
            work()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(json.dumps({"wallMs": wall * 1000 / repeat, "cpuMs": cpu * 1000 / repeat}), flush=True)


def main(verb, folder, *rest):
    if verb == "prepare":
        import numpy as np

        prepare(folder, *rest)
        np.save(os.path.join(folder, "picture.npy"), letterbox(pictures_of(rest[1])[0]))
    elif verb == "list":
        print(json.dumps([name for name, (file, _) in SUBJECTS.items() if os.path.exists(os.path.join(folder, file))]))
    else:
        run(folder, rest[0], int(rest[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
