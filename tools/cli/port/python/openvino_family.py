"""OpenVINO IR: from ONNX by its own converter, and run by it."""

import numpy as np
import openvino

import tensors


def convert(job):
    model = openvino.convert_model(job["onnx"])
    model.reshape(job["shape"])
    openvino.save_model(model, f"{job['target']}.xml", compress_to_fp16=False)
    return {"files": [f"{job['target']}.xml", f"{job['target']}.bin"]}


def run(job):
    core = openvino.Core()
    model = core.read_model(f"{job['target']}.xml")
    outputs = len(model.outputs)
    layers = []
    if job.get("layers_of") is not None:
        for operation in model.get_ordered_ops():
            for output in operation.outputs():
                names = output.get_names()
                is_computed = operation.get_type_name() not in ("Constant", "Parameter", "Result")
                if names and is_computed and output.get_element_type() == openvino.Type.f32:
                    layers.append((sorted(names)[0], output))
        model.add_outputs([output for _, output in layers])
    # In float32 on processors with bfloat16 too.
    compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1})

    def one(picture, wants_layers):
        values = [np.array(value) for value in compiled(tensors.fitted(picture, list(compiled.inputs[0].shape))).values()]
        found = dict(zip([name for name, _ in layers], values[outputs:])) if wants_layers else {}
        return values[:outputs], found

    tensors.run_all(job, one)
    return {"title": f"OpenVINO {openvino.__version__.split('-')[0]}"}


tensors.main({"convert": convert, "run": run})
