"""Graph models of TensorFlow.js: what TensorFlow and tf2onnx take of them, written out in operations that both have.

The converter of TensorFlow.js joins a convolution or a product with the bias and the activation after it. One of these has no
operation in TensorFlow (FusedDepthwiseConv2dNative), others lack attributes that it wants (TArgs), and tf2onnx forgets the slope
of a LeakyRelu. So they are taken apart again. The last operation keeps the name, under which what follows reads it.
"""

import base64
import json
import os

from google.protobuf import json_format
from tensorflow.python.framework import op_def_registry

from tensors import Refused

BASES = {
    "_FusedConv2D": "Conv2D",
    "FusedDepthwiseConv2dNative": "DepthwiseConv2dNative",
    "_FusedDepthwiseConv2dNative": "DepthwiseConv2dNative",
    "_FusedMatMul": "MatMul",
}
# Of one tensor, with no attribute but its type.
ACTIVATIONS = ("Relu", "Relu6", "Elu", "Sigmoid", "Tanh")
FLOAT = {"type": "DT_FLOAT"}


def read(path):
    """A model's JSON, its graph in operations that TensorFlow has."""
    try:
        with open(path, encoding="utf-8") as file:
            model = json.load(file)
    except ValueError as error:
        raise Refused(f"expected JSON, got {error}") from error
    topology = model.get("modelTopology") or {}
    if "node" not in topology:
        raise Refused(
            "expected a graph model of TensorFlow.js (modelTopology.node), got a layers model: load it in TensorFlow.js and save it "
            "as a graph, or port the Keras file"
        )
    if "weightsManifest" not in model:
        raise Refused("expected weightsManifest, which names the files of weights, got none")
    parts = [topology, *(function for function in topology.get("library", {}).get("function", []))]
    for part, key in zip(parts, ["node"] + ["nodeDef"] * (len(parts) - 1)):
        part[key] = [made for node in part.get(key, []) for made in taken_apart(node)]
    return model


def weight_files(model, path):
    """Each group of the manifest, and the paths of its files. They have to be there."""
    folder = os.path.dirname(path)
    for group in model["weightsManifest"]:
        files = [os.path.join(folder, name) for name in group["paths"]]
        for file in files:
            if not os.path.exists(file):
                raise Refused(f"its weights are missing: expected {file}, which it names, beside it")
        yield group, files


def write(model, path, folder):
    """Writes it for tf2onnx, which looks for the weights beside it."""
    for group, files in weight_files(model, path):
        for name, file in zip(group["paths"], files):
            place = os.path.join(folder, name)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            if not os.path.exists(place):
                os.symlink(os.path.abspath(file), place)
    made = os.path.join(folder, "complete-model.json")
    with open(made, "w", encoding="utf-8") as file:
        json.dump(model, file)
    return made


def taken_apart(node):
    """The nodes that compute what one does, in their order."""
    op = node["op"]
    if op == "Prelu":
        return prelu(node["name"], *node["input"])
    if op not in BASES:
        return [complete(node)]
    given = node.get("attr", {})
    fused = [text_of(value) for value in given.get("fused_ops", {}).get("list", {}).get("s", [])]
    control = [name for name in node["input"] if name.startswith("^")]
    [x, weights, *extra] = [name for name in node["input"] if not name.startswith("^")]
    steps = [BASES[op], *fused]
    names = [f"{node['name']}/{step}_{i}" for i, step in enumerate(steps[:-1])] + [node["name"]]
    kind = given.get("T", FLOAT)
    made = [complete({"name": names[0], "op": steps[0], "input": [x, weights, *control], "attr": dict(given)})]
    for step, name, before in zip(fused, names[1:], names):
        if step == "BiasAdd" and extra:
            order = {"data_format": given["data_format"]} if "data_format" in given and op != "_FusedMatMul" else {}
            made.append(complete({"name": name, "op": step, "input": [before, extra.pop(0)], "attr": {"T": kind, **order}}))
        elif step == "Prelu" and extra:
            made += prelu(name, before, extra.pop(0))
        elif step == "LeakyRelu":
            slope = given.get("leakyrelu_alpha", {"f": 0.2})
            made.append(complete({"name": name, "op": step, "input": [before], "attr": {"T": kind, "alpha": slope}}))
        elif step in ACTIVATIONS:
            made.append(complete({"name": name, "op": step, "input": [before], "attr": {"T": kind}}))
        else:
            raise Refused(f"{node['name']}: {op} with {', '.join(fused)} and {len(extra)} inputs for it is not read here")
    if extra:
        raise Refused(f"{node['name']}: {op} has inputs that nothing in it takes ({', '.join(extra)})")
    return made


def prelu(name, x, slope):
    """TensorFlow has none: relu(x) - slope * relu(-x)."""
    node = lambda end, op, *inputs: complete({"name": f"{name}{end}", "op": op, "input": list(inputs), "attr": {"T": FLOAT}})  # noqa: E731
    return [
        node("/over", "Relu", x),
        node("/turned", "Neg", x),
        node("/under", "Relu", f"{name}/turned"),
        node("/sloped", "Mul", slope, f"{name}/under"),
        node("", "Sub", f"{name}/over", f"{name}/sloped"),
    ]


def complete(node):
    """With the attributes that its operation has, no others, and defaults for those that the file leaves out."""
    definition = op_def_registry.get(node["op"])
    given = node.setdefault("attr", {})
    if definition is None:
        return node
    known = {attribute.name for attribute in definition.attr}
    for name in [name for name in given if name not in known]:
        del given[name]
    for attribute in definition.attr:
        if not attribute.HasField("default_value"):
            continue
        value = json_format.MessageToDict(attribute.default_value)
        given.setdefault(attribute.name, value)
        # tf2onnx cannot say what an empty list is one of; TensorFlow knows without it.
        if value == {"list": {}} == given[attribute.name]:
            del given[attribute.name]
    return node


def text_of(value):
    """Texts are in base64; files of the first converters have lists of bytes."""
    return (bytes(map(int, value)) if isinstance(value, list) else base64.b64decode(value)).decode()
