"""Makes what LiteRT runs of FOLDER/fp32.onnx (see core.py): FOLDER/fp32.tflite, by onnx2tf, whose packages do not go with LiteRT's
newest. A failure is written down with its reason.

    core_convert.py FOLDER
"""

import json
import os
import subprocess
import sys


def main(folder):
    command = [os.path.join(os.path.dirname(sys.executable), "onnx2tf"), "-i", "fp32.onnx", "-o", "tflite", "-n"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    made = os.path.join(folder, "tflite", "fp32_float32.tflite")
    failures = {}
    if done.returncode == 0 and os.path.exists(made):
        os.replace(made, os.path.join(folder, "fp32.tflite"))
    else:
        failures["LiteRT 2.3 fp32"] = (done.stderr.strip().splitlines() or ["onnx2tf makes nothing of it"])[-1][:200]
    json.dump(failures, open(os.path.join(folder, "convert-failures.json"), "w"))


if __name__ == "__main__":
    main(*sys.argv[1:])
