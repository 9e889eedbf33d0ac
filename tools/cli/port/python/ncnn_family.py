"""ncnn: from ONNX by pnnx, and run by ncnn."""

import importlib.util
import os
import shutil
import subprocess
import tempfile

import numpy as np

import tensors
from tensors import Refused


def convert(job):
    # Its package is found, not imported: that would want torch.
    [package] = importlib.util.find_spec("pnnx").submodule_search_locations
    program = os.path.join(package, "pnnx")
    with tempfile.TemporaryDirectory() as folder:
        # It writes its files beside the network.
        network = os.path.join(folder, "network.onnx")
        shutil.copyfile(job["onnx"], network)
        shape = ",".join(str(side) for side in job["shape"])
        command = [program, network, f"inputshape=[{shape}]", "fp16=0"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
        made = {kind: os.path.join(folder, f"network.ncnn.{kind}") for kind in ("param", "bin")}
        if done.returncode or not all(os.path.exists(path) for path in made.values()):
            last = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()][-3:]
            raise Refused(f"pnnx made nothing of it (exit code {done.returncode}): {' | '.join(last)[:300]}")
        # What pnnx could not express stays in the file under PyTorch's name (Tensor.slice), and ncnn would not load it.
        with open(made["param"]) as file:
            types = [line.split()[0] for line in file.read().splitlines()[2:] if line.strip()]
        missing = sorted({name for name in types if "." in name})
        if missing:
            raise Refused(f"ncnn has no layer for a part of it: {', '.join(missing)} (of {len(types)} layers)")
        for kind, path in made.items():
            shutil.copyfile(path, f"{job['target']}.{kind}")
    return {"files": [f"{job['target']}.param", f"{job['target']}.bin"]}


def run(job):
    import ncnn

    net = ncnn.Net()
    # What is compared is the network, not what a processor rounds.
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.opt.use_bf16_storage = False
    net.opt.num_threads = 1
    if net.load_param(f"{job['target']}.param") or net.load_model(f"{job['target']}.bin"):
        raise Refused(f"ncnn {ncnn.__version__} cannot load {job['target']}.param and .bin")
    [taken] = list(net.input_names())
    given = list(net.output_names())

    def one(picture, _):
        with net.create_extractor() as extractor:
            # pnnx drops the batch.
            extractor.input(taken, ncnn.Mat(np.ascontiguousarray(picture[0])).clone())
            values = []
            for name in given:
                status, value = extractor.extract(name)
                if status:
                    raise Refused(f"ncnn {ncnn.__version__} cannot compute its output {name}: code {status}")
                values.append(np.array(value))
        return values, {}

    tensors.run_all(job, one)
    return {"title": f"ncnn {ncnn.__version__}"}


tensors.main({"convert": convert, "run": run})
