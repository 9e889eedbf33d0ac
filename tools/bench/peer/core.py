"""A network in other run-times, as their own users would run it.

    core.py prepare FOLDER NETWORK.onnx PICTURES     makes what each of them runs, once: FOLDER/*
    core.py quantise FOLDER                          makes LiteRT's int8 of FOLDER/fp32.tflite (core_convert.py)
    core.py run FOLDER SUBJECT THREADS               answers each line {"repeat": n} with one line of JSON:
                                                     milliseconds of n runs, by the clock and of the processor
    core.py list FOLDER                              {"subjects": those that can be run, "missing": the others and why}

A network that is quantised already (QDQ) is run as it is by onnxruntime and OpenCV; the others get its floats. Of a float
network each makes its own int8: onnxruntime by quantize_static (per channel, QDQ), LiteRT by ai-edge-quantizer, ncnn with a scale for each output channel and the largest absolute input, as its own tools write it.
"""

import json
import os
import struct
import subprocess
import sys
import time


def letterbox(path, height, width):
    """Top left, grey beside it, BGR, 0..255. Gives 1 x 3 x height x width floats."""
    import numpy as np
    from PIL import Image

    with Image.open(path) as picture:
        picture = picture.convert("RGB")
        scale = min(width / picture.width, height / picture.height)
        size = (round(picture.width * scale), round(picture.height * scale))
        square = np.full((height, width, 3), 114, np.float32)
        square[: size[1], : size[0]] = np.asarray(picture.resize(size, Image.BILINEAR))
    return np.ascontiguousarray(square[:, :, ::-1].transpose(2, 0, 1)[None])


def pictures_of(folder):
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".jpg")]


def constants_of(graph):
    from onnx import numpy_helper

    return {one.name: numpy_helper.to_array(one) for one in graph.initializer}


def floats_of(model):
    """The float network that a QDQ one was made from, but for what rounding took; its input takes the same numbers."""
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper

    graph, known = model.graph, constants_of(model.graph)
    made, nodes, real = {}, [], {}
    makers = {output: node for node in graph.node for output in node.output}

    def constant(name, value):
        made[name] = numpy_helper.from_array(np.asarray(value, np.float32), name)
        return name

    for node in graph.node:
        inputs = [real.get(name, name) for name in node.input]
        output = node.output[0]
        if node.op_type == "DequantizeLinear":
            scale, zero = (known[name].astype(np.float32) for name in node.input[1:3])
            if node.input[0] in known:
                value = known[node.input[0]].astype(np.float32)
                shape = [-1] + [1] * (value.ndim - 1) if scale.ndim == 1 else []
                constant(output, (value - zero.reshape(shape)) * scale.reshape(shape))
            elif node.input[0] == graph.input[0].name:
                nodes.append(helper.make_node("Sub", [node.input[0], constant(f"{output}_zero", zero)], [f"{output}_off"]))
                nodes.append(helper.make_node("Mul", [f"{output}_off", constant(f"{output}_scale", scale)], [output]))
            else:
                real[output] = inputs[0]
        elif node.op_type == "QuantizeLinear":
            scale, zero = (known[name] for name in node.input[1:3])
            real[output] = inputs[0]
            # What a ReLU6 did, the range of integers does since.
            if zero == 0 and makers[node.input[0]].op_type == "Conv":
                limits = [constant(f"{output}_low", 0), constant(f"{output}_high", 255 * scale)]
                nodes.append(helper.make_node("Clip", [inputs[0], *limits], [f"{output}_clipped"]))
                real[output] = f"{output}_clipped"
        else:
            copy = onnx.NodeProto()
            copy.CopyFrom(node)
            copy.input[:] = inputs
            nodes.append(copy)
    for output in graph.output:
        if output.name in real:
            nodes.append(helper.make_node("Identity", [real[output.name]], [output.name]))
    used = {name for node in nodes for name in node.input}
    kept = [*made.values(), *(one for one in graph.initializer if one.name not in made)]
    result = onnx.ModelProto()
    result.CopyFrom(model)
    del result.graph.node[:], result.graph.initializer[:], result.graph.value_info[:]
    result.graph.node.extend(nodes)
    result.graph.initializer.extend(one for one in kept if one.name in used)
    result.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    return result


def quantised_by_onnxruntime(source, target, feeds):
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.feeds = iter(feeds())

        def get_next(self):
            return next(self.feeds, None)

    model = onnx.load(source)
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
        source, target, Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, nodes_to_exclude=sorted(tail),
    )


def without_slices(model):
    """ncnn has no slices with a step. Every second pixel, four times, joined, before a 3x3 convolution is a 6x6 one of stride 2."""
    import numpy as np
    from onnx import helper, numpy_helper

    graph, known = model.graph, constants_of(model.graph)
    joined = next((node for node in graph.node if node.op_type == "Concat"), None)
    place = list(graph.node).index(joined) if joined else 0
    if not joined or any(node.op_type not in ("Slice", "Constant") for node in list(graph.node)[:place]):
        return model
    conv = next(node for node in graph.node if joined.output[0] in node.input)
    weight = known[conv.input[1]]
    whole = np.zeros((len(weight), 3, 6, 6), np.float32)
    for block, (dy, dx) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
        whole[:, :, dy::2, dx::2] = weight[:, 3 * block : 3 * block + 3]
    graph.initializer.append(numpy_helper.from_array(whole, "whole"))
    first = helper.make_node(
        "Conv", [graph.input[0].name, "whole", *conv.input[2:]], list(conv.output), kernel_shape=[6, 6], strides=[2, 2], pads=[2, 2, 2, 2]
    )
    kept = [first, *(node for node in list(graph.node)[place + 1 :] if node is not conv and node.output[0] != conv.output[0])]
    del graph.node[:]
    graph.node.extend(kept)
    return model


def largest_inputs(model, feeds):
    """[(weights, the largest absolute number that goes into it)] of each convolution and fully connected layer."""
    import numpy as np
    import onnx
    import onnxruntime

    layers = [node for node in model.graph.node if node.op_type in ("Conv", "Gemm")]
    known, given = constants_of(model.graph), model.graph.input[0].name
    names = sorted({node.input[0] for node in layers} - {given} - {output.name for output in model.graph.output})
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(watched.SerializeToString(), options, providers=["CPUExecutionProvider"])
    wanted = [output.name for output in session.get_outputs()]
    most = {}
    for feed in feeds():
        for name, value in [*feed.items(), *zip(wanted, session.run(wanted, feed))]:
            most[name] = max(most.get(name, 0.0), float(np.abs(value).max()))
    return [(known[node.input[1]], most[node.input[0]]) for node in layers]


def quantised_for_ncnn(folder, layers):
    """As ncnn2int8 writes it: weights in 8 bits with a scale for each output channel (of depthwise ones: each group)."""
    import numpy as np

    binary = open(os.path.join(folder, "whole.ncnn.bin"), "rb").read()
    lines, place, out = [], 0, b""
    for line in open(os.path.join(folder, "whole.ncnn.param")).read().splitlines():
        words = line.split()
        kind = words[0] if words else ""
        fields = dict(word.split("=", 1) for word in words if "=" in word)
        if kind not in ("Convolution", "ConvolutionDepthWise", "InnerProduct"):
            if kind not in STATELESS and not kind.isdigit():
                raise RuntimeError(f"the layer {kind} may have weights, which are not read here")
            lines.append(line)
            continue
        outputs, size = int(fields["0"]), int(fields["2" if kind == "InnerProduct" else "6"])
        has_bias = int(fields.get("1" if kind == "InnerProduct" else "5", 0)) == 1
        if binary[place : place + 4] != b"\0\0\0\0":
            raise RuntimeError("expected weights of 32 bits in whole.ncnn.bin")
        weight = np.frombuffer(binary, np.float32, size, place + 4)
        place += 4 + 4 * size
        bias = binary[place : place + 4 * outputs] if has_bias else b""
        place += len(bias)
        rows = weight.reshape(outputs, -1)
        largest = next((most for known, most in layers if known.size == size and is_same(known, weight)), None)
        if largest is None:
            raise RuntimeError(f"no layer of the network has the weights of {words[1]}")
        scales = 127 / np.maximum(np.abs(rows).max(1), 1e-9)
        integers = np.clip(np.rint(rows * scales[:, None]), -127, 127).astype(np.int8).tobytes()
        out += struct.pack("<I", 0x000D4B38) + integers + b"\0" * (-len(integers) % 4) + bias
        out += scales.astype(np.float32).tobytes() + np.float32([127 / max(largest, 1e-9)]).tobytes()
        lines.append(f"{line} 8={1 if kind == 'ConvolutionDepthWise' else 2}")
    if place != len(binary):
        raise RuntimeError("whole.ncnn.bin holds more than is known of it")
    open(os.path.join(folder, "whole8.param"), "w").write("\n".join(lines) + "\n")
    open(os.path.join(folder, "whole8.bin"), "wb").write(out)


STATELESS = {
    "Input", "Split", "Slice", "Concat", "Swish", "Sigmoid", "Pooling", "Interp", "Reshape", "Permute", "BinaryOp", "ReLU", "Clip",
    "Padding", "Flatten", "Noop", "Crop", "ShuffleChannel", "UnaryOp", "Softmax",
}


def is_same(one, other):
    import numpy as np

    return np.allclose(one.reshape(-1), other, atol=1e-4) or (one.ndim == 2 and np.allclose(one.T.reshape(-1), other, atol=1e-4))


def prepare(folder, network, pictures):
    """Each step that fails is written down with its reason; the others go on."""
    import numpy as np
    import onnx
    from onnx import version_converter

    os.makedirs(folder, exist_ok=True)
    path = lambda name: os.path.join(folder, name)
    given = onnx.load(network)
    is_quantised = any(node.op_type == "QuantizeLinear" for node in given.graph.node)
    model = floats_of(given) if is_quantised else version_converter.convert_version(given, 13)
    for i, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}_{i}"
    for value in [*model.graph.input, *model.graph.output]:
        # An open batch is one picture.
        first = value.type.tensor_type.shape.dim[0]
        first.Clear()
        first.dim_value = 1
    del model.metadata_props[:]
    onnx.save(model, path("fp32.onnx"))
    name = model.graph.input[0].name
    height, width = (dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim[2:])
    feeds = lambda: ({name: letterbox(file, height, width)} for file in pictures_of(pictures)[:32])
    picture = next(feeds())[name]
    np.save(path("picture.npy"), picture)
    np.save(path("pictures.npy"), np.concatenate([feed[name] for feed in feeds()]))
    failures = {}

    def int8():
        if is_quantised:
            open(path("int8.onnx"), "wb").write(given.SerializeToString())
        else:
            quantised_by_onnxruntime(path("fp32.onnx"), path("int8.onnx"), feeds)

    whole = {}

    def ncnn():
        whole["model"] = without_slices(onnx.load(path("fp32.onnx")))
        onnx.save(whole["model"], path("whole.onnx"))
        import ncnn as package

        # The package wants torch, the program in it does not.
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "pnnx==20261020"], check=True)
        pnnx = os.path.join(os.path.dirname(package.__file__), "..", "pnnx", "pnnx")
        command = [pnnx, "whole.onnx", f"inputshape=[1,3,{height},{width}]", "fp16=0"]
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        if not os.path.exists(path("whole.ncnn.param")):
            raise RuntimeError("pnnx makes no network of it")

    attempt(failures, "onnxruntime 1.32 int8", int8)
    attempt(failures, "ncnn fp32", ncnn)
    attempt(failures, "ncnn int8", lambda: quantised_for_ncnn(folder, largest_inputs(whole["model"], feeds)))
    json.dump(failures, open(path("failures.json"), "w"))


def quantised_for_litert(folder):
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_quantizer import quantizer, recipe

    source = os.path.join(folder, "fp32.tflite")
    interpreter = Interpreter(source)
    (key,) = interpreter.get_signature_list()
    ((name, detail),) = interpreter.get_signature_runner(key).get_input_details().items()
    pictures = np.load(os.path.join(folder, "pictures.npy"))
    if detail["shape"][-1] == 3:
        pictures = np.ascontiguousarray(pictures.transpose(0, 2, 3, 1))
    one = quantizer.Quantizer(source)
    one.load_quantization_recipe(recipe.static_wi8_ai8())
    ranges = one.calibrate({key: [{name: picture[None]} for picture in pictures]})
    one.quantize(ranges).export_model(os.path.join(folder, "int8.tflite"), overwrite=True)


def quantise(folder):
    file = os.path.join(folder, "failures.json")
    failures = json.load(open(file))
    attempt(failures, "LiteRT 2.3 int8", lambda: quantised_for_litert(folder))
    json.dump(failures, open(file, "w"))


def attempt(failures, subject, work):
    failures.pop(subject, None)
    try:
        work()
    except Exception as error:  # What a converter throws is its own matter.
        failures[subject] = (str(error).strip().splitlines() or [type(error).__name__])[-1][:200]


def onnxruntime_runner(file):
    def make(folder, threads, picture):
        import numpy as np
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(os.path.join(folder, file), options, providers=["CPUExecutionProvider"])
        (given,) = session.get_inputs()
        feeds = {given.name: picture.astype(np.uint8) if given.type == "tensor(uint8)" else picture}
        return lambda: session.run(None, feeds)

    return make


def opencv_runner(file):
    def make(folder, threads, picture):
        import cv2

        cv2.setNumThreads(threads)
        net = cv2.dnn.readNetFromONNX(os.path.join(folder, file))
        names = net.getUnconnectedOutLayersNames()

        def run():
            net.setInput(picture)
            return net.forward(names)

        return run

    return make


def ncnn_runner(name):
    def make(folder, threads, picture):
        import ncnn
        import numpy as np

        net = ncnn.Net()
        net.opt.num_threads = threads
        net.opt.use_vulkan_compute = False
        if net.load_param(os.path.join(folder, f"{name}.param")) or net.load_model(os.path.join(folder, f"{name}.bin")):
            raise RuntimeError("ncnn does not load it")
        outputs = net.output_names()
        pixels = np.ascontiguousarray(picture[0])

        def run():
            extractor = net.create_extractor()
            extractor.input("in0", ncnn.Mat(pixels))
            return [np.array(extractor.extract(name)[1]) for name in outputs]

        return run

    return make


def litert_runner(file):
    def make(folder, threads, picture):
        import numpy as np
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(os.path.join(folder, file), num_threads=threads)
        interpreter.allocate_tensors()
        (given,) = interpreter.get_input_details()
        outputs = [one["index"] for one in interpreter.get_output_details()]
        is_last = given["shape"][-1] == 3
        pixels = np.ascontiguousarray(picture.transpose(0, 2, 3, 1)) if is_last else picture
        if given["dtype"] == np.int8:
            scale, zero = given["quantization"]
            pixels = np.clip(np.rint(pixels / scale + zero), -128, 127).astype(np.int8)

        def run():
            interpreter.set_tensor(given["index"], pixels)
            interpreter.invoke()
            return [interpreter.get_tensor(index) for index in outputs]

        return run

    return make


SUBJECTS = {
    "onnxruntime 1.32 fp32": ("fp32.onnx", onnxruntime_runner("fp32.onnx")),
    "onnxruntime 1.32 int8": ("int8.onnx", onnxruntime_runner("int8.onnx")),
    "LiteRT 2.3 fp32": ("fp32.tflite", litert_runner("fp32.tflite")),
    "LiteRT 2.3 int8": ("int8.tflite", litert_runner("int8.tflite")),
    "ncnn fp32": ("whole.ncnn.param", ncnn_runner("whole.ncnn")),
    "ncnn int8": ("whole8.param", ncnn_runner("whole8")),
    "OpenCV 5 dnn fp32": ("fp32.onnx", opencv_runner("fp32.onnx")),
    "OpenCV 5 dnn int8": ("int8.onnx", opencv_runner("int8.onnx")),
}


def list_subjects(folder):
    reasons = {}
    for name in ("failures.json", "convert-failures.json"):
        file = os.path.join(folder, name)
        reasons.update(json.load(open(file)) if os.path.exists(file) else {})
    there = [name for name, (file, _) in SUBJECTS.items() if os.path.exists(os.path.join(folder, file)) and name not in reasons]
    missing = {name: reasons.get(name, "it was not converted") for name in SUBJECTS if name not in there}
    print(json.dumps({"subjects": there, "missing": missing}))


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
        prepare(folder, *rest)
    elif verb == "quantise":
        quantise(folder)
    elif verb == "list":
        list_subjects(folder)
    else:
        run(folder, rest[0], int(rest[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
