"""TFLite: from ONNX by onnx2tf, and run by LiteRT."""

import contextlib
import io
import os
import re
import shutil
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np

import tensors
from tensors import Refused

# onnx2tf looks at what a layer computes of pictures to find the order of its axes, and fetches some where this file is not
# in the working directory.
SAMPLES = "calibration_image_sample_data_20x128x128x3_float32.npy"


def convert(job):
    import onnx
    import onnxsim

    model = onnx.load(job["onnx"])
    weights = {value.name for value in model.graph.initializer}
    [taken] = [value.name for value in model.graph.input if value.name not in weights]
    outputs = [value.name for value in model.graph.output]
    # onnx2tf would simplify the file in place: it gets one of its own. Most of what it converts only then.
    model, _ = onnxsim.simplify(onnx.shape_inference.infer_shapes(model), overwrite_input_shapes={taken: job["shape"]})
    back = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            onnx.save(model, "network.onnx")
            np.save(SAMPLES, np.random.default_rng(1).random((20, 128, 128, 3), np.float32))
            # What is [1, height, width, 3] already stays so: onnx2tf takes each input for [1, 3, height, width].
            kept = None if job["shape"][1] == 3 else [taken]
            told(lambda onnx2tf: onnx2tf.convert(
                input_onnx_file_path="network.onnx", output_folder_path="made", output_signaturedefs=True, verbosity="error",
                not_use_onnxsim=True, keep_shape_absolutely_input_names=kept,
            ))
            made = "made/network_float32.tflite"
            if not os.path.exists(made):
                raise Refused("onnx2tf made nothing of it, and did not say why")
            shutil.copyfile(made, os.path.join(back, f"{job['target']}.tflite"))
        finally:
            os.chdir(back)
    [taken] = interpreter_of(job).get_input_details()
    return {"files": [f"{job['target']}.tflite"], "shape": [int(side) for side in taken["shape"]]}


def told(work):
    """Runs onnx2tf, which ends the process where it cannot go on."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            import onnx2tf

            work(onnx2tf)
    except SystemExit as error:
        lines = [line.strip() for line in said.getvalue().splitlines() if "ERROR" in line] or said.getvalue().splitlines()[-1:]
        raise Refused(f"onnx2tf cannot convert it: {' | '.join(lines)[:400]}") from error


def interpreter_of(job):
    import warnings

    from ai_edge_litert.interpreter import Interpreter

    warnings.filterwarnings("ignore")
    interpreter = Interpreter(f"{job['target']}.tflite", num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def run(job):
    from importlib.metadata import version

    interpreter = interpreter_of(job)
    [taken] = interpreter.get_input_details()
    signatures = list(interpreter.get_signature_list().values())
    details = interpreter.get_output_details()
    # Its outputs are in an order of their own; the signature has their names. onnx2tf leaves it out of some networks.
    if not signatures and len(details) > 1:
        raise Refused(f"onnx2tf gave its {len(details)} outputs no names, so that they cannot be told apart")
    signature = interpreter.get_signature_runner() if signatures else None
    places = [place_of(name, signatures[0]["outputs"]) for name in job["outputs"]] if signatures else []

    def one(picture, _):
        given = tensors.fitted(picture, taken["shape"]).astype(taken["dtype"])
        if signature is None:
            interpreter.set_tensor(taken["index"], given)
            interpreter.invoke()
            return [interpreter.get_tensor(details[0]["index"])], {}
        [argument] = signature.get_input_details()
        values = signature(**{argument: given})
        return [values[place] for place in places], {}

    tensors.run_all(job, one)
    return {"title": f"LiteRT {version('ai-edge-litert')}"}


def place_of(name, names):
    """The name of an ONNX network's output in the signature, as onnx2tf writes it."""
    place = re.sub("^/", "wa/", name.replace(":", "__"))
    if place not in names:
        raise Refused(f"the output {name} is not in what onnx2tf made: it has {', '.join(names)}")
    return place


tensors.main({"convert": convert, "run": run})
