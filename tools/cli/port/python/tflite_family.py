"""TFLite: from ONNX by onnx2tf. It is run by `tensorflow_family.py`."""

import os
import shutil
import subprocess
import sys
import tempfile

import tensors
from tensors import Refused


def convert(job):
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "onnx2tf", "-i", job["onnx"], "-o", folder, "-n"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
        made = [name for name in os.listdir(folder) if name.endswith("_float32.tflite")]
        if not made:
            last = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()][-2:]
            raise Refused(f"onnx2tf made nothing of it (exit code {done.returncode}): {' | '.join(last)[:300]}")
        shutil.copyfile(os.path.join(folder, made[0]), f"{job['target']}.tflite")
    return {"files": [f"{job['target']}.tflite"]}


tensors.main({"convert": convert})
