"""Has `ocellus port` (after `npm run build`) turn a network into ONNX, and prove on pictures that it is the same."""

import json
import subprocess

import onnx
from publish import COMMAND


def to_onnx(path, folder, size=None):
    """The network, equal to what its own framework computes. @raises SystemExit with what `port` says where it is not."""
    sized = ["--size", f"{size}x{size}"] if size else []
    done = subprocess.run(
        ["node", COMMAND, "port", path, "--to", "onnx", "--out", folder, *sized, "--json"], stdout=subprocess.PIPE, text=True
    )
    if done.returncode != 0:
        raise SystemExit(f"{path}: ocellus port ended with {done.returncode}: {done.stdout.strip()}")
    (made,) = [file for file in json.loads(done.stdout)["made"] if file.endswith(".onnx")]
    return onnx.load(made)
