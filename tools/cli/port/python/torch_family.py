"""PyTorch's exported programs and TorchScript: to ONNX by its own exporters, and run by it."""

import os
import warnings

warnings.filterwarnings("ignore")

import numpy as np
import torch

import tensors
from tensors import Refused

torch.set_grad_enabled(False)


def example_of(job, shape):
    sides = list(shape) if shape else [1, 3, *(job.get("size") or [])[::-1]]
    if len(sides) not in (3, 4):
        raise Refused("TorchScript does not say the size of its input: say it with --size WIDTHxHEIGHT")
    return torch.zeros(sides)


def loaded(job):
    """@returns What runs it, the example it is traced with, and its graph where it has one."""
    if job["kind"] == "exported":
        program = torch.export.load(job["source"])
        args, kwargs = program.example_inputs
        if len(args) != 1 or kwargs or not torch.is_tensor(args[0]):
            raise Refused(f"expected a program with one input, a picture, got {len(args) + len(kwargs)}")
        return program.module(), args[0], program
    module = torch.jit.load(job["source"], map_location="cpu").eval()
    return module, example_of(job, None), None


def flat(value):
    if torch.is_tensor(value):
        return [value]
    if isinstance(value, dict):
        return [one for part in value.values() for one in flat(part)]
    if isinstance(value, (list, tuple)):
        return [one for part in value for one in flat(part)]
    raise Refused(f"expected outputs that are tensors, got {type(value).__name__}")


def convert(job):
    module, example, program = loaded(job)
    if program is not None:
        from onnx_ir.passes import common
        from onnxscript import optimizer

        # Without its rewriting, which names the bias that it makes of a normalisation after what the convolution reads: two
        # convolutions of the same tensor, as in SSDLite, would get the same bias. Runtimes join these layers themselves.
        made = torch.onnx.export(program, (example,), dynamo=True, optimize=False, verbose=False)
        optimizer.fold_constants(made.model)
        optimizer.remove_unused_nodes(made.model)
        common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(made.model)
        made.save(job["onnx"], external_data=False)
    else:
        torch.onnx.export(module, (example,), job["onnx"], dynamo=False, opset_version=17, input_names=["images"])
    return {}


class Recorder(torch.fx.Interpreter):
    def __init__(self, module):
        super().__init__(module)
        self.layers = {}

    def run_node(self, node):
        value = super().run_node(node)
        if node.op.startswith("call") and torch.is_tensor(value) and value.is_floating_point():
            # A copy: an activation in place writes over what the layer before it gave.
            self.layers[node.name] = value.clone().numpy()
        return value


def run(job):
    module, example, program = loaded(job)

    def one(picture, wants_layers):
        given = torch.from_numpy(tensors.fitted(picture, example.shape) if picture.ndim == example.ndim else picture[0])
        outputs = [value.numpy() for value in flat(module(given))]
        layers = {}
        if wants_layers and program is not None:
            recorder = Recorder(module)
            recorder.run(given)
            layers = recorder.layers
        return outputs, layers

    tensors.run_all(job, one)
    return {"title": f"PyTorch {torch.__version__}"}


tensors.main({"convert": convert, "run": run})
