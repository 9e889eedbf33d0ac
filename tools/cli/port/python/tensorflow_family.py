"""Keras, SavedModel, TFLite and TensorFlow.js graphs: to ONNX by tf2onnx, and run by TensorFlow."""

import contextlib
import os
import re
import struct
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import tensorflow as tf
from google.protobuf import json_format

import tensors
import tflite_file
import tfjs_graph
from tensors import Refused

OPSET = 13
# tf2onnx 1.17.0 reads the weights of TensorFlow.js by a name that NumPy 2 took away.
if not hasattr(np, "product"):
    np.product = np.prod


def picture_spec(shape, size):
    """The input with a batch of one, and of the size that was asked for where it is open."""
    sides = [None if side is None or side < 0 else int(side) for side in shape]
    if len(sides) != 4:
        raise Refused(f"expected an input of one picture, [1, height, width, 3], got {sides}")
    is_last = sides[3] == 3
    if not is_last and sides[1] != 3:
        raise Refused(f"expected an input of three colours, got {sides}")
    at = (1, 2) if is_last else (2, 3)
    for axis, side in zip(at, (size or [None, None])[::-1]):
        if sides[axis] is None:
            sides[axis] = side
    if any(sides[axis] is None for axis in at):
        raise Refused(f"the size of its input is open, {sides}: say it with --size WIDTHxHEIGHT")
    sides[0] = 1
    return tf.TensorSpec(sides, tf.float32, name="images")


def keras_model(path):
    import keras

    try:
        return keras.saving.load_model(path, compile=False)
    except (TypeError, ValueError) as error:
        raise Refused(f"Keras {keras.__version__} cannot load it: {str(error).strip().splitlines()[0][:300]}") from error


def loaded(job):
    """What runs it: a function of one picture, its signature, and the layers between."""
    path, kind = job["source"], job["kind"]
    if kind == "keras":
        model = keras_model(path)
        if len(model.inputs) != 1:
            raise Refused(f"expected a network with one input, got {len(model.inputs)}")
        spec = picture_spec(model.inputs[0].shape, job.get("size"))
        return model, lambda x: model(x, training=False), spec
    model = tf.saved_model.load(path)
    signature = model.signatures.get("serving_default") or next(iter(model.signatures.values()), None)
    if signature is None:
        raise Refused("expected a signature (serving_default) in the SavedModel, got none")
    names = list(signature.structured_input_signature[1])
    if len(names) != 1:
        raise Refused(f"expected a network with one input, got {', '.join(names) or 'none'}")
    spec = picture_spec(signature.structured_input_signature[1][names[0]].shape.as_list(), job.get("size"))
    outputs = sorted(signature.structured_outputs)
    function = lambda x: [signature(**{names[0]: x})[name] for name in outputs]  # noqa: E731
    return model, function, spec


def flat(value):
    return [np.asarray(one) for one in tf.nest.flatten(value)]


def convert(job):
    import onnx
    import tf2onnx

    kind = job["kind"]
    if kind == "tflite":
        with tempfile.TemporaryDirectory() as folder:
            try:
                path = tflite_file.dense(job["source"], os.path.join(folder, "dense.tflite"))
                model, _ = tf2onnx.convert.from_tflite(path, opset=OPSET)
            except struct.error as error:
                size = os.path.getsize(job["source"])
                raise Refused(f"expected a TFLite model, got {size} bytes of one that is cut off ({error}): fetch or make it again") from error
        float_outputs(model)
    elif kind == "tfjs":
        with tempfile.TemporaryDirectory() as folder:
            path = tfjs_graph.write(tfjs_graph.read(job["source"]), job["source"], folder)
            # The way of its own command line.
            model, _ = tf2onnx.convert._convert_common(None, name=path, tfjs_path=path, opset=OPSET, output_path=None)
    else:
        _, function, spec = loaded(job)
        traced = tf.function(function, input_signature=[spec])
        with without_xla():
            concrete = traced.get_concrete_function(spec)
        model, _ = tf2onnx.convert.from_function(traced, [spec], opset=OPSET, custom_op_handlers={"Erfc": (erfc, [])})
        captured_constants(model, concrete)
    batch_of_one(model, job.get("size"))
    onnx.save(model, job["onnx"])
    return {"inputs": [value.name for value in model.graph.input]}


@contextlib.contextmanager
def without_xla():
    """Keras has XLA compile convolutions in groups, as ConvNeXt's: calls of functions, which tf2onnx leaves as such."""
    function = tf.function
    tf.function = lambda *given, **options: (lambda plain: plain) if options.get("jit_compile") else function(*given, **options)
    try:
        yield
    finally:
        tf.function = function


def erfc(graph, node, name, _):
    """What Keras' gelu is made of. ONNX has 1 - erfc."""
    [source], [output] = node.input, node.output
    shape, dtype = graph.get_shape(output), graph.get_dtype(output)
    erf = graph.make_node("Erf", [source])
    one = graph.make_const(f"{name}_one", np.array(1, np.float32))
    graph.remove_node(name)
    graph.make_node("Sub", [one.output[0], erf.output[0]], name=name, outputs=[output], shapes=[shape], dtypes=[dtype])


def captured_constants(model, concrete):
    """Tensors that layers hold without being weights, as Normalization its mean: tf2onnx makes inputs of them."""
    from onnx import numpy_helper

    held = {inner.name: outer for outer, inner in concrete.graph.captures if inner.dtype != tf.resource}
    for value in [value for value in model.graph.input if value.name in held]:
        model.graph.input.remove(value)
        model.graph.initializer.append(numpy_helper.from_array(held[value.name].numpy(), value.name))


def float_outputs(model):
    """Outputs in integers that stand for numbers become these numbers: cards and decoders read no others."""
    from onnx import TensorProto, helper

    makers = {name: node for node in model.graph.node for name in node.output}
    for value in model.graph.output:
        maker = makers.get(value.name)
        if maker is None or maker.op_type != "QuantizeLinear":
            continue
        inner = f"{value.name}_quantised"
        for node in model.graph.node:
            for names in (node.input, node.output):
                for at, name in enumerate(names):
                    if name == value.name:
                        names[at] = inner
        model.graph.node.append(helper.make_node("DequantizeLinear", [inner, *maker.input[1:]], [value.name], name=f"{value.name}_numbers"))
        value.type.tensor_type.elem_type = TensorProto.FLOAT


def batch_of_one(model, size):
    for value in model.graph.input:
        dims = value.type.tensor_type.shape.dim
        if len(dims) == 4 and dims[0].dim_value <= 0:
            dims[0].ClearField("dim_param")
            dims[0].dim_value = 1
        if size and len(dims) == 4:
            at = (1, 2) if dims[3].dim_value == 3 else (2, 3)
            for axis, side in zip(at, size[::-1]):
                if dims[axis].dim_value <= 0:
                    dims[axis].ClearField("dim_param")
                    dims[axis].dim_value = side


def run(job):
    kind = job["kind"]
    if kind == "tflite":
        return run_tflite(job)
    if kind == "tfjs":
        return run_tfjs(job)
    _, function, spec = loaded(job)

    def one(picture, wants_layers):
        outputs = flat(function(tf.constant(picture)))
        return outputs, traced_layers(function, spec, picture) if wants_layers else {}

    tensors.run_all(job, one)
    return {"title": f"TensorFlow {tf.__version__}"}


def traced_layers(function, spec, picture):
    """What the operations of its graph compute. tf2onnx traces the same function, and keeps their names."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    concrete = tf.function(function, input_signature=[spec]).get_concrete_function()
    fixed = convert_variables_to_constants_v2(concrete, lower_control_flow=False, aggressive_inlining=True)
    run_graph, names = in_session(fixed.graph.as_graph_def())
    return dict(zip(names, run_graph(names, {fixed.inputs[0].name: tensors.fitted(picture, spec.shape)})))


def in_session(graph):
    """@returns What computes tensors of a graph by their names, and the names of those that can be compared."""
    own = tf.Graph()
    with own.as_default():
        tf.import_graph_def(graph, name="")
    # What is computed of weights alone, converters fold in ways of their own. Operations come before those that take them.
    fed, names = set(), []
    for operation in own.get_operations():
        if operation.type == "Placeholder":
            fed.add(operation)
        elif any(value.op in fed for value in operation.inputs):
            fed.add(operation)
            if operation.outputs and operation.outputs[0].dtype == tf.float32:
                names.append(operation.outputs[0].name)
    return tf.compat.v1.Session(graph=own).run, names


def run_tflite(job):
    # XNNPACK, which is the default, leaves most of the tensors between without their numbers.
    plain = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    try:
        interpreter = tf.lite.Interpreter(job["source"], experimental_preserve_all_tensors=True, experimental_op_resolver_type=plain)
        interpreter.allocate_tensors()
    except RuntimeError as error:
        custom = re.search(r"unresolved custom op: (\S+?)\.?(\s|$)", str(error))
        if not custom:
            raise
        raise Refused(
            f"its operator {custom[1]} is none of TensorFlow Lite's own, so it cannot be run to compare with: "
            "such networks run only in the program that they were made for (MediaPipe's have several)"
        ) from error
    taken = interpreter.get_input_details()[0]

    given_out = {detail["index"] for detail in interpreter.get_output_details()}

    def value_of(detail):
        value = interpreter.get_tensor(detail["index"])
        scale, zero = detail["quantization"]
        # As `float_outputs`; between its layers, integers are compared as they are.
        if scale and value.dtype != np.float32 and detail["index"] in given_out:
            return (value.astype(np.float32) - zero) * np.float32(scale)
        return value

    def one(picture, wants_layers):
        given = tensors.fitted(picture, taken["shape"])
        interpreter.set_tensor(taken["index"], given.astype(taken["dtype"]))
        interpreter.invoke()
        # In the file's order, which tf2onnx keeps.
        outputs = [value_of(detail) for detail in interpreter.get_output_details()]
        layers = {}
        if wants_layers:
            for detail in interpreter.get_tensor_details():
                try:
                    value = value_of(detail)
                except ValueError:
                    continue
                if detail["name"] and tensors.is_number(value):
                    layers[detail["name"]] = value
        return outputs, layers

    tensors.run_all(job, one)
    return {"title": f"TensorFlow Lite {tf.__version__}"}


def run_tfjs(job):
    graph, inputs, outputs = frozen_tfjs(job["source"])
    run_graph, inner = in_session(graph)

    def one(picture, wants_layers):
        names = outputs + (inner if wants_layers else [])
        values = run_graph(names, {inputs[0]: picture})
        return values[: len(outputs)], dict(zip(inner, values[len(outputs) :]))

    tensors.run_all(job, one)
    return {"title": f"TensorFlow {tf.__version__}"}


def frozen_tfjs(path):
    """The graph with its weights as constants. They are read here, not by tf2onnx, which the result is compared with."""
    model = tfjs_graph.read(path)
    topology = model["modelTopology"]
    graph = json_format.ParseDict(
        {key: topology[key] for key in ("node", "library", "versions") if key in topology}, tf.compat.v1.GraphDef(), ignore_unknown_fields=True
    )
    weights = {}
    for group, files in tfjs_graph.weight_files(model, path):
        data = b"".join(open(file, "rb").read() for file in files)
        at = 0
        for weight in group["weights"]:
            quantised = weight.get("quantization")
            dtype = np.dtype(quantised["dtype"] if quantised else weight["dtype"])
            count = int(np.prod(weight["shape"], dtype=np.int64))
            if at + count * dtype.itemsize > len(data):
                raise Refused(f"the weights {weight['name']}: expected {count * dtype.itemsize} bytes, got {len(data) - at}")
            value = np.frombuffer(data, dtype, count, at).reshape(weight["shape"])
            at += count * dtype.itemsize
            if quantised and "scale" in quantised:
                value = (value.astype(np.float32) * quantised["scale"] + quantised["min"]).astype(weight["dtype"])
            elif quantised:
                value = value.astype(weight["dtype"])
            weights[weight["name"]] = value
    for node in graph.node:
        if node.op == "Const" and node.name in weights:
            # TensorFlow.js has no whole numbers of 64 bits, and leaves the graph saying that they are.
            dtype = tf.dtypes.as_dtype(node.attr["dtype"].type) if "dtype" in node.attr else None
            value = weights[node.name].astype(dtype.as_numpy_dtype) if dtype else weights[node.name]
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value, shape=value.shape))
    used = {name.split(":")[0].lstrip("^") for node in graph.node for name in node.input}
    inputs = [f"{node.name}:0" for node in graph.node if node.op == "Placeholder"]
    signature = model.get("signature") or (model.get("userDefinedMetadata") or {}).get("signature") or {}
    outputs = [value["name"] for value in (signature.get("outputs") or {}).values()]
    outputs = [name if ":" in name else f"{name}:0" for name in outputs]
    outputs = outputs or [f"{node.name}:0" for node in graph.node if node.name not in used and node.op not in ("Placeholder", "Const")]
    return graph, inputs, outputs


tensors.main({"convert": convert, "run": run})
