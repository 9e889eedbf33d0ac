"""Tensors of float32 in a safetensors file, and what all families of converters have in common."""

import json
import os
import struct
import sys
import traceback

import numpy as np


class Refused(Exception):
    """What a person can mend: it is told in one line."""


def read(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        body = file.read()
    header.pop("__metadata__", None)
    found = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        found[name] = np.frombuffer(body[begin:end], "<f4").reshape(entry["shape"]).copy()
    return found


def write(path, tensors):
    header, parts, at = {"__metadata__": {}}, [], 0
    for name, tensor in tensors.items():
        data = np.ascontiguousarray(tensor, "<f4")
        header[name] = {"dtype": "F32", "shape": list(np.shape(tensor)), "data_offsets": [at, at + data.nbytes]}
        parts.append(data.tobytes())
        at += data.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def is_number(value):
    return hasattr(value, "dtype") and np.asarray(value).dtype.kind in "fiub"


def run_all(job, run):
    """Runs every picture of a job. `run(picture, wants_layers)` gives a list of outputs, and layers by name."""
    results = {}
    pictures = read(job["inputs"])
    for i, picture in enumerate(pictures.values()):
        wants_layers = job.get("layers_of") == i
        outputs, layers = run(picture, wants_layers)
        names = job.get("outputs") or []
        for at, output in enumerate(outputs):
            name = names[at] if at < len(names) else f"output{at}"
            results[f"{i}/output/{name}"] = np.asarray(output, np.float32)
        for name, tensor in layers.items():
            results[f"{i}/layer/{name}"] = np.asarray(tensor, np.float32)
    write(job["results"], results)


def fitted(array, shape):
    """A picture in the order of axes that a network takes: [1, H, W, 3] for [1, 3, H, W], or the other way round."""
    shape = [int(side) if side not in (None, -1) else None for side in shape]
    for order in (None, (0, 2, 3, 1), (0, 3, 1, 2)):
        if order is not None and array.ndim != 4:
            continue
        candidate = array if order is None else np.transpose(array, order)
        if len(shape) == candidate.ndim and all(a is None or a == b for a, b in zip(shape, candidate.shape)):
            return np.ascontiguousarray(candidate)
    raise Refused(f"expected an input of {shape}, got {list(array.shape)}")


def main(tasks):
    """`python FAMILY.py JOB.json`: does one task, and writes what it says to the job's `answer`."""
    with open(sys.argv[1]) as file:
        job = json.load(file)
    try:
        answer = tasks[job["task"]](job) or {}
    except Refused as error:
        answer = {"refused": str(error)}
    except Exception as error:  # noqa: BLE001
        traceback.print_exc()
        lines = str(error).strip().splitlines() or [""]
        answer = {"refused": f"{type(error).__name__}: {lines[0][:400]}"}
    with open(job["answer"], "w") as file:
        json.dump(answer, file)
    sys.stdout.flush()
    sys.stderr.flush()
    # Some frameworks have threads that do not end.
    os._exit(0)
